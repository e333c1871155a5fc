/** A session, as a world describes it. */
export interface SessionSpec {
  readonly name: string;
  readonly imNg: boolean;
  readonly carbons: boolean;
  /** Priority of its available presence; undefined where it has none. */
  readonly priority: number | undefined;
  /** Its initial presence was followed by unavailable presence. */
  readonly withdrawn: boolean;
  /** Its link is down; stream management keeps the session. */
  readonly hibernated: boolean;
}

/**
 * Reads the description of an account's sessions: `phone=im-ng laptop=legacy,carbons,-1 tv=im-ng,silent`. Words: `im-ng`, `legacy`,
 * `carbons`, a priority (default 0), `silent` (no presence), `withdrawn` (available, then unavailable), `hibernated` (link cut, XEP-0198).
 */
export function parseSessions(text: string): SessionSpec[] {
  return text.split(' ').filter(Boolean).map(parseSession);
}

function parseSession(text: string): SessionSpec {
  const [name = '', list = ''] = text.split('=');
  const words = new Set(list.split(','));
  const priority = [...words].find((word) => /^-?\d+$/.test(word));
  const absent = words.has('silent') || words.has('withdrawn');
  for (const word of words)
    if (!WORDS.has(word) && word !== priority) throw new Error(`no such word in a world: ${word}`);
  return {
    name,
    imNg: words.has('im-ng'),
    carbons: words.has('carbons'),
    priority: absent ? undefined : Number(priority ?? 0),
    withdrawn: words.has('withdrawn'),
    hibernated: words.has('hibernated'),
  };
}

const WORDS = new Set(['im-ng', 'legacy', 'carbons', 'silent', 'withdrawn', 'hibernated', '']);

/** The names of the sessions in such a description, for the type checker. */
export type SessionNames<Text extends string> = Text extends `${infer First} ${infer Rest}`
  ? SessionName<First> | SessionNames<Rest>
  : SessionName<Text>;

type SessionName<Text extends string> = Text extends `${infer Name}=${string}` ? Name : never;
