import type { Availability } from '@tutti/client';
import type { JSX } from 'preact';
import { usePage } from './page.tsx';

const HUES = 12;

/** The first letters of a name in a colour that goes with the address. */
export function Avatar({ jid, name }: { readonly jid: string; readonly name: string }): JSX.Element {
  const letters = (name === jid ? (jid.split('@')[0] ?? '') : name)
    .split(/[\s.@_-]+/)
    .filter((word) => word !== '')
    .slice(0, 2);
  return (
    <span class={`avatar hue-${hash(jid) % HUES}`} aria-hidden="true">
      {letters.map((word) => (Array.from(word)[0] ?? '').toLocaleUpperCase()).join('')}
    </span>
  );
}

/** Whether somebody is there, as a dot with a word for those who don't see it. */
export function Presence({ devices }: { readonly devices: readonly Availability[] }): JSX.Element | null {
  const { t } = usePage();
  const [first] = devices;
  if (first === undefined) return null;
  const { show } = first;
  const kind = show === 'dnd' ? 'busy' : show === 'away' || show === 'xa' ? 'away' : 'online';
  return (
    <span class={`presence ${kind}`} title={t[kind]}>
      <span class="visually-hidden">{t[kind]}</span>
    </span>
  );
}

function hash(text: string): number {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return sum;
}
