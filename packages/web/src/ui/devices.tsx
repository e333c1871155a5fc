import type { Device } from '@tutti/client';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Question } from './dialog.tsx';
import { type Page, useChat, useNow, usePage } from './page.tsx';

/** How often the list is asked for while it is looked at. */
const LOOK_MS = 5000;

/** Where the account is logged in, and how to end that. */
export function Devices(): JSX.Element {
  const page = usePage();
  const { t } = page;
  const chat = useChat();
  const now = useNow();
  /** The list as it was when we looked before, and as it is. */
  const [[before, devices], setLooks] = useState<readonly [readonly Device[], readonly Device[]]>([[], []]);
  const [leaving, setLeaving] = useState<Device>();
  const [problem, setProblem] = useState<string>();
  const ask = (): void => {
    if (chat.status !== 'online') return;
    chat.client.devices.list().then(
      (listed) => setLooks(([, last]) => [last, listed]),
      (error: Error) => setProblem(t.failedAction(error.message)),
    );
  };
  useEffect(() => {
    ask();
    const timer = setInterval(ask, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  const revoke = (device: Device): void => {
    chat.client.devices.revoke(device.id).then(ask, (error: Error) => setProblem(t.failedAction(error.message)));
  };
  const nameOf = ({ name }: Device): string => (name === '' ? t.unnamedDevice : name);
  return (
    <section class="stack">
      <h2>{t.devices}</h2>
      <p class="hint">{t.devicesHint}</p>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <ul class="entries">
        {devices.map((device) => {
          const isOwn = device.id === chat.account.deviceId;
          return (
            <li key={device.id} data-device={device.id}>
              <span>
                <strong>{isOwn ? t.thisDevice : nameOf(device)}</strong>
                <small>{isOwn && device.online ? t.inSync : describe(calm(device, before), page, now)}</small>
              </span>
              {!isOwn && (
                <button type="button" onClick={() => setLeaving(device)}>
                  {t.logOutDevice}
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {leaving !== undefined && (
        <Question
          title={t.logOutDevice}
          text={t.logOutDeviceSure(nameOf(leaving))}
          action={t.logOutDevice}
          onYes={() => revoke(leaving)}
          onClose={() => setLeaving(undefined)}
        />
      )}
    </section>
  );
}

/** What was sent a moment ago is on its way, not missing: behind is a device that was so when we looked before. */
function calm(device: Device, before: readonly Device[]): Device {
  const behind = before.find(({ id }) => id === device.id)?.behind ?? 0;
  return device.behind === undefined ? device : { ...device, behind: Math.min(device.behind, behind) };
}

/** How far a device is. */
function describe({ online, behind = 0, lastSeen }: Device, { t, times }: Page, now: number): string {
  if (online) return behind > 0 ? t.behind(behind) : t.inSync;
  return lastSeen === undefined ? '' : t.lastInSync(times.ago(lastSeen, now));
}
