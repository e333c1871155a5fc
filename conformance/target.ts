import { NS, xml } from '@tutti/xmpp';
import { type Account, bareOf, openStream } from './client/login.ts';
import type { Address, TransportKind } from './client/transport.ts';
import type { Need } from './suite.ts';

/** The server under test. */
export interface Target {
  /** For the report. */
  readonly name: string;
  readonly domain: string;
  readonly transports: readonly TransportKind[];
  address(transport: TransportKind): Address;
  /** An account that no other test uses; `name` is how the test calls it. */
  account(name: string): Promise<Account>;
  /** What the server offers; undefined: it has to offer everything. */
  readonly offers: ReadonlySet<Need> | undefined;
  /** Waits as long as the server may take to do what a fence does not wait for: 0 on our own. */
  grace(): Promise<void>;
  /** Where direct TLS listens (XEP-0368), if it does. */
  readonly directTls?: Address | undefined;
  /** Starts one more server like this one for a single test, with these settings; undefined where the tests cannot do that. */
  readonly spawn?: ((settings?: readonly string[]) => Promise<OwnTarget>) | undefined;
  stop(): Promise<void>;
}

/** A server that a test has for itself. */
export interface OwnTarget extends Target {
  /** Ends it without a word, like a power cut (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on the same data; its ports are new. */
  start(): Promise<void>;
}

let counter = 0;

/** A localpart that begins with `name` and has not been used before. */
export function freshLocalpart(name: string): string {
  counter += 1;
  const unique = `${Date.now().toString(36)}${counter.toString(36)}`;
  return `${name}-${unique}`;
}

/** Registers an account in band (XEP-0077 §3.1). */
export async function register(address: Address, jid: string, password: string): Promise<Account> {
  const { wire } = await openStream(address);
  try {
    const username = jid.slice(0, jid.indexOf('@'));
    const query = xml(
      'query',
      { xmlns: NS.register },
      xml('username', null, username),
      xml('password', null, password),
    );
    wire.send(xml('iq', { type: 'set', id: 'register', to: address.domain }, query));
    const answer = await wire.read((element) => element.name === 'iq');
    if (answer.attrs['type'] !== 'result') throw new Error(`registration of ${jid} refused: ${answer.toString()}`);
    return { jid: bareOf(jid), password };
  } finally {
    await wire.close();
  }
}
