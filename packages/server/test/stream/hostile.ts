/** What tables of hostile input are written with, and how they are run. */
import { NS } from '@tutti/xmpp';
import { beforeAll, describe, expect, it } from 'vitest';
import { base64, HEADER, PASSWORD, plainAuth, settle, type TestClient, World } from './world.ts';

/** How far the dialogue has come when the hostile bytes arrive. */
export type State =
  | 'connected'
  | 'open'
  | 'tls required'
  | 'challenged'
  | 'restarting'
  | 'logged in'
  | 'bound'
  | 'ws connected'
  | 'ws open'
  | 'ws bound';

export type Row = readonly [what: string, state: State, input: string | Uint8Array, answer: string];

/** A stream error with what closes the stream behind it. */
export const failed = (condition: string, text?: string) => {
  const explained = text === undefined ? '' : `<text xmlns='${NS.streams}' xml:lang='en'>${text}</text>`;
  return `<stream:error><${condition} xmlns='${NS.streams}'/>${explained}</stream:error></stream:stream>`;
};
/** The same before the stream is open: the server opens it first, for no domain. */
export const refused = (condition: string, text?: string) => `[header '']${failed(condition, text)}`;
/** The same where a new header was awaited. */
export const restartFailed = (condition: string) => `[header 'localhost']${failed(condition)}`;
export const wsFailed = (condition: string, text?: string) =>
  failed(condition, text)
    .replace('<stream:error>', `<stream:error xmlns:stream='${NS.stream}'>`)
    .replace('</stream:stream>', `<close xmlns='${NS.framing}'/>`);
export const sasl = (condition: string, text?: string, ns: string = NS.sasl) => {
  const name = ns === NS.sasl ? condition : `${condition} xmlns='${NS.sasl}'`;
  return `<failure xmlns='${ns}'><${name}/>${text === undefined ? '' : `<text xml:lang='en'>${text}</text>`}</failure>`;
};
export const auth = (mechanism: string, data: string) =>
  `<auth xmlns='${NS.sasl}' mechanism='${mechanism}'>${data}</auth>`;
export const scram = (first: string) => auth('SCRAM-SHA-1', base64(first));
export const respond = (data: string) => `<response xmlns='${NS.sasl}'>${data}</response>`;
export const sasl2 = (mechanism: string, inner: string) =>
  `<authenticate xmlns='${NS.sasl2}' mechanism='${mechanism}'>${inner}</authenticate>`;
export const change = (from: string | RegExp, to: string) => HEADER.replace(from, to);
export const bytes = (...values: number[]) => Uint8Array.from(values);
export const nest = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
export const attributes = (count: number) => Array.from({ length: count }, (_, i) => `a${i}=''`).join(' ');

/** Runs tables against one server, which must be as healthy at the end as it was before. */
export function runTables(tables: readonly (readonly [title: string, rows: readonly Row[]])[]): void {
  const world = new World({ stream: { limits: { loginAttempts: 2 } } });
  const strict = new World({ stream: { requireTls: true } });
  let bystander: TestClient;

  beforeAll(async () => {
    bystander = await world.connect();
    await bystander.logIn('other', 'bystander');
  });

  describe.each(tables)('%s', (_title, rows) => {
    it.each(rows)('%s (%s)', async (_what, state, input, answer) => {
      const client = await reach(state, state === 'tls required' ? strict : world);
      expect(simplify(await client.say(input))).toBe(answer);
      expect(client.transport.ended).toBe(/<\/stream:stream>$|<close [^>]*>$/.test(answer));
      client.transport.cut();
      await settle();
    });
  });

  describe('after all that', () => {
    it('who was there has noticed nothing, and who comes is served', async () => {
      expect(await bystander.hear()).toBe('');
      await bystander.say('<message/>');
      expect(world.host.sessions[0]?.received).toHaveLength(1);
      expect(await (await world.connect()).logIn()).toBe('user@localhost/r');
    });
  });
}

async function reach(state: State, world: World): Promise<TestClient> {
  const framing = state.startsWith('ws') ? 'document' : 'stream';
  const client = await world.connect({ framing });
  if (state.endsWith('connected')) return client;
  if (state.endsWith('bound')) await client.logIn('user', 'hostile');
  else await client.open();
  if (state === 'challenged') await client.say(scram('n,,n=user,r=abc'));
  if (state === 'restarting' || state === 'logged in') await client.say(plainAuth('user', PASSWORD));
  if (state === 'logged in') await client.open();
  return client;
}

/** Leaves out what is different each time. */
function simplify(answer: string): string {
  return answer
    .replace(/(?:<\?xml version='1\.0'\?>)<stream:stream [^>]*from='([^']*)'[^>]*>/g, "[header '$1']")
    .replace(/<open [^>]*from='([^']*)'[^>]*\/>/g, "[open '$1']")
    .replace(/<stream:features.*<\/stream:features>/s, '[features]')
    .replace(/<challenge .*<\/challenge>/s, '[challenge]');
}
