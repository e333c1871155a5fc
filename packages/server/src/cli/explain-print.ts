/** An explanation and the rules as text: aligned columns, one screen. */
import { type RuleId, RULES } from '@tutti/routing';
import type { Explanation } from './explain-plan.ts';
import type { Because } from './explain-why.ts';
import type { makePaint } from './io.ts';

type Paint = ReturnType<typeof makePaint>;
type Colour = Parameters<Paint>[0];

/** A line of the page: what stands on the left, its colour, and why. */
interface Line {
  readonly left: string;
  readonly why?: Because;
  readonly colour?: Colour;
}

const FORMS: Readonly<Record<Explanation['sessions'][number]['gets'], string>> = {
  archived: 'the archived stanza',
  'as-sent': 'as it was sent',
  sent: 'a <sent/> carbon',
  received: 'a <received/> carbon',
  nothing: 'nothing',
};

/** The page, without colours where `paint` gives none. */
export function printExplanation(explanation: Explanation, paint: Paint): string {
  const page = pageOf(explanation);
  const { answer } = explanation;
  const below = answer === null ? [] : pageOf(answer);
  const widths = measure([...page, ...below]);
  const sections = [titleOf(explanation, paint), '', ...page.map((line) => format(line, widths, paint))];
  if (answer === null) return finish(sections);
  return finish([
    ...sections,
    '',
    `${paint('bold', 'The error comes back')}  ${titleOf(answer, paint)}`,
    '',
    ...below.map((line) => format(line, widths, paint)),
  ]);
}

/** All rules, or one. */
export function printRules(ids: readonly RuleId[], paint: Paint): string {
  const width = Math.max(...ids.map((id) => RULES[id].section.length));
  return finish(
    ids.map((id) => `${paint('bold', id)}  ${paint('dim', RULES[id].section.padEnd(width))}  ${RULES[id].summary}`),
  );
}

function titleOf({ message }: Explanation, paint: Paint): string {
  const { from, to, type, marked, content } = message;
  const address = `${from} → ${to ?? '(no address)'}`;
  return [
    paint('bold', address),
    type,
    ...(marked ? ['marked <im-ng/>'] : []),
    ...(content === '' ? [] : [content]),
  ].join('   ');
}

function pageOf(explanation: Explanation): Line[] {
  const { class: messageClass, notes, archive, sessions, forward, error } = explanation;
  const lines: Line[] = [heading('Class'), { left: `  ${messageClass.name}`, why: messageClass }];
  for (const note of notes) lines.push({ left: '', why: note });
  if (archive.length > 0) lines.push(heading('Archive'), ...archiveLines(archive));
  for (const account of new Set(sessions.map((one) => one.account))) {
    lines.push(heading(account), ...sessionLines(sessions.filter((one) => one.account === account)));
  }
  if (forward !== null) lines.push(heading('Forwarded'), { left: `  ${forward.to}`, why: forward, colour: 'green' });
  if (error !== null)
    lines.push(heading('Error'), {
      left: `  <${error.condition}/>${error.marked ? ' with <im-ng/>' : ''}`,
      why: error,
      colour: 'red',
    });
  return lines;
}

function archiveLines(archive: Explanation['archive']): Line[] {
  const width = Math.max(...archive.map(({ account }) => account.length));
  const lines: Line[] = archive.map((one) => ({
    left: `  ${one.account.padEnd(width)}  ${one.archived ? 'one row' : 'no row'}`,
    why: one,
    colour: one.archived ? 'green' : 'dim',
  }));
  const bothAreThere = archive.filter(({ archived }) => archived).length === 2;
  if (bothAreThere)
    lines.push({
      left: '  both or neither',
      why: { rule: 'A6', section: RULES.A6.section, reason: 'one transaction, before all else (A3)' },
    });
  return lines;
}

function sessionLines(sessions: Explanation['sessions']): Line[] {
  const width = Math.max(...sessions.map(({ session }) => session.length));
  const kindWidth = Math.max(...sessions.map(({ kind }) => kind.length));
  return sessions.map((one) => ({
    left: `  ${one.session.padEnd(width)}  ${one.kind.padEnd(kindWidth)}  ${FORMS[one.gets]}`,
    why: one,
    colour: one.gets === 'nothing' ? 'dim' : 'green',
  }));
}

function heading(left: string): Line {
  return { left, colour: 'bold' };
}

function measure(lines: readonly Line[]): { readonly left: number; readonly section: number } {
  const explained = lines.filter(({ why }) => why !== undefined);
  return {
    left: Math.max(...explained.map(({ left }) => left.length)),
    section: Math.max(...explained.map(({ why }) => why?.section.length ?? 0)),
  };
}

function format({ left, why, colour }: Line, widths: ReturnType<typeof measure>, paint: Paint): string {
  const shown = why === undefined ? left : left.padEnd(widths.left);
  const painted = colour === undefined ? shown : paint(colour, shown);
  if (why === undefined) return painted;
  const section = why.section.padEnd(widths.section);
  return `${painted}  ${paint('bold', why.rule)}  ${paint('dim', section)}  ${colour === 'dim' ? paint('dim', why.reason) : why.reason}`;
}

function finish(lines: readonly string[]): string {
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
