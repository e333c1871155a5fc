import type { Means, Measured } from './measure.ts';

const MEANS: Readonly<Record<Means, string>> = { carbons: 'Message Carbons and MAM', 'im-ng': 'IM Routing-NG' };

/** What the devices saw, as Markdown; also fit to be read on a terminal. */
export function formatDevices(target: string, means: Means, measured: readonly Measured[]): string {
  const lines = measured.map(({ title, expected, missedLive, missed, doubled, archived }) => {
    const saw = expected.length - missedLive.length;
    const archives = [archived.alice, archived.bob].map((rows) => (rows === undefined ? '' : String(rows))).join(' / ');
    return `| ${[title, `${saw} of ${expected.length}`, list(missedLive), list(missed), list(doubled), archives].join(' | ')} |`;
  });
  const whole = measured.filter((one) => one.missedLive.length + one.missed.length + one.doubled.length === 0).length;
  return `
# What every device sees on ${target}, by ${MEANS[means]}

Alice and Bob have three devices each; her phone sends. Which of the other devices see it at once, which not even in the archive, and which have it
twice, since nothing tells that the live copy and the archived one are the same. ${whole} of ${measured.length} scenarios are whole.

| scenario | see it at once | missed it then | never see it | have it twice | rows in the archives (alice / bob) |
|---|---|---|---|---|---|
${lines.join('\n')}
`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? '' : names.join(', ');
}
