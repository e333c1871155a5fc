import {
  type Attributes,
  type Element,
  escapeAttribute,
  NS,
  type ParserLimits,
  StreamParser,
  XmlError,
} from '@tutti/xmpp';

/** The terminal binding conditions of XEP-0124 §17.2 that this server gives. */
export type BoshCondition =
  | 'bad-request'
  | 'host-gone'
  | 'host-unknown'
  | 'improper-addressing'
  | 'internal-server-error'
  | 'item-not-found'
  | 'policy-violation'
  | 'remote-stream-error'
  | 'system-shutdown';

/** Why a session ends, or cannot begin. */
export class BoshError extends Error {
  override readonly name = 'BoshError';
  readonly condition: BoshCondition;

  constructor(condition: BoshCondition, message: string = condition) {
    super(message);
    this.condition = condition;
  }
}

/** A `<body/>` of a client. */
export interface BoshBody {
  /** XEP-0124 §7: a positive number below 2^53. */
  readonly rid: number;
  /** Undefined where a session is asked for. */
  readonly sid: string | undefined;
  readonly attrs: Attributes;
  /** XEP-0206 §5: the attributes in its namespace, by their local names. */
  readonly xmpp: Readonly<Record<string, string>>;
  readonly elements: readonly Element[];
}

/** Reads the body of a request. Throws BoshError: `bad-request`, `policy-violation`. */
export function readBody(bytes: Uint8Array, limits: ParserLimits): BoshBody {
  const body = parse(bytes, limits);
  if (!body.is('body', NS.httpBind)) throw new BoshError('bad-request', 'There is no <body/>.');
  const { rid = '', sid } = body.attrs;
  const number = /^\d{1,16}$/.test(rid) ? Number(rid) : 0;
  if (number === 0 || !Number.isSafeInteger(number)) throw new BoshError('bad-request', 'The rid is no number.');
  if (body.text().trim() !== '') throw new BoshError('bad-request', 'There is text in the <body/>.');
  return { rid: number, sid, attrs: body.attrs, xmpp: readXmppAttributes(body.attrs), elements: body.elements };
}

function parse(bytes: Uint8Array, limits: ParserLimits): Element {
  try {
    const parser = new StreamParser(limits, 'document');
    parser.write(bytes);
    const event = parser.next();
    if (event?.kind !== 'element') throw new BoshError('bad-request', 'The <body/> has no end.');
    if (parser.next() !== undefined || parser.rest().length > 0)
      throw new BoshError('bad-request', 'Something follows the <body/>.');
    // What is inside is parsed now: what is wrong with it is wrong with the request.
    void event.element.children;
    return event.element;
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new BoshError(error.condition === 'policy-violation' ? 'policy-violation' : 'bad-request', error.message);
  }
}

/** Clients write them with the prefix `xmpp`, as the specification does. */
function readXmppAttributes(attrs: Attributes): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(attrs)) if (name.startsWith('xmpp:')) found[name.slice(5)] = value;
  return found;
}

/** Writes a body; undefined attributes are left out. `contents` declare their own namespaces. */
export function writeBody(
  attrs: Readonly<Record<string, string | number | undefined>>,
  contents: readonly string[] = [],
): string {
  let text = `<body xmlns='${NS.httpBind}'`;
  for (const [name, value] of Object.entries(attrs)) {
    if (value !== undefined) text += ` ${name}='${escapeAttribute(String(value))}'`;
  }
  return contents.length === 0 ? `${text}/>` : `${text}>${contents.join('')}</body>`;
}

/** XEP-0124 §17.2: the end of a session. */
export function writeTerminate(condition?: BoshCondition, contents: readonly string[] = []): string {
  return writeBody({ type: 'terminate', condition }, contents);
}
