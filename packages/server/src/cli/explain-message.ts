/** The message that `tutti explain` explains: from a file, standard input or the command line's options. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { type Element, JID, NS, parseXml, XmlError, xml } from '@tutti/xmpp';
import { CliError, EXIT } from './exit.ts';
import type { Io } from './io.ts';

export interface MessageFlags {
  readonly from?: string;
  /** False: without an address. */
  readonly to?: string | false;
  readonly type?: string;
  readonly marker?: boolean;
  /** False: without a body. */
  readonly body?: string | false;
  readonly typing?: boolean;
  /** False: with a no-store hint. */
  readonly store?: boolean;
  readonly payload?: readonly string[];
}

/** The stanza with its addresses parsed. */
export interface GivenMessage {
  readonly stanza: Element;
  readonly from: JID;
  readonly to: JID | undefined;
}

const DEFAULTS = { from: 'alice@localhost/phone', to: 'bob@localhost', type: 'chat', body: 'Dinner at eight?' };

/** Reads the message: from `file` (`-`: standard input), changed by the options, or made of the options alone. */
export async function readGivenMessage(file: string | undefined, flags: MessageFlags, io: Io): Promise<GivenMessage> {
  const stanza = file === undefined ? compose(flags) : change(parseMessage(file, await readText(file, io)), flags);
  const from = parseAddress('from', stanza.attrs['from'] ?? DEFAULTS.from);
  const to = stanza.attrs['to'] === undefined ? undefined : parseAddress('to', stanza.attrs['to']);
  return { stanza: stanza.with({ from: from.toString() }), from, to };
}

function compose(flags: MessageFlags): Element {
  const { from = DEFAULTS.from, to = DEFAULTS.to, type = DEFAULTS.type, typing = false, payload = [] } = flags;
  const isSaying = flags.body !== undefined || (!typing && payload.length === 0 && type !== 'error');
  const body = flags.body === false || !isSaying ? undefined : xml('body', null, flags.body ?? DEFAULTS.body);
  return add(xml('message', { from, to: to === false ? undefined : to, type }, body), flags);
}

function change(stanza: Element, flags: MessageFlags): Element {
  const { from, to, type, body } = flags;
  let result = stanza;
  if (from !== undefined) result = result.with({ from });
  if (to !== undefined) result = result.with({ to: to === false ? undefined : to });
  if (type !== undefined) result = result.with({ type });
  if (body !== undefined) result = result.without((child) => child.is('body', stanza.ns));
  if (typeof body === 'string') result = result.append(xml('body', { xmlns: stanza.ns }, body));
  return add(result, flags);
}

function add(stanza: Element, { marker, typing, store, payload = [] }: MessageFlags): Element {
  const more = payload.map((text) => parse('--payload', text));
  if (typing === true) more.push(xml('composing', { xmlns: NS.chatStates }));
  if (store === false) more.push(xml('no-store', { xmlns: NS.hints }));
  if (marker === true) more.push(xml('im-ng', { xmlns: NS.imNg }));
  return more.length === 0 ? stanza : stanza.append(...more);
}

function parseMessage(file: string, text: string): Element {
  const name = file === '-' ? 'standard input' : file;
  const stanza = parse(name, text.trim());
  if (stanza.name !== 'message') throw new CliError(`${name}: <${stanza.name}/> is no <message/>`, EXIT.usage);
  return stanza;
}

function parse(name: string, text: string): Element {
  try {
    return parseXml(text, NS.client);
  } catch (error) {
    if (error instanceof XmlError) throw new CliError(`${name}: ${error.message} (${error.condition})`, EXIT.usage);
    throw error;
  }
}

function parseAddress(name: string, text: string): JID {
  const jid = JID.tryParse(text);
  if (jid === undefined) throw new CliError(`${name}: "${text}" is not an address`, EXIT.usage);
  return jid;
}

async function readText(file: string, io: Io): Promise<string> {
  if (file === '-') return await readAll(io.stdin);
  try {
    return readFileSync(resolve(io.cwd, file), 'utf8');
  } catch {
    throw new CliError(`there is no file and no rule "${file}"; tutti explain --rules lists the rules`, EXIT.usage);
  }
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
