import { type Element, NS, xml } from '@tutti/xmpp';
import { createMechanism, MECHANISMS, type Mechanism } from './sasl.ts';
import type { Address } from './transport.ts';
import { Wire } from './wire.ts';

/** An account that a test may use. */
export interface Account {
  /** Bare JID. */
  readonly jid: string;
  readonly password: string;
}

/** SASL refused. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
  readonly failure: Element;

  constructor(failure: Element) {
    super(failure.toString());
    this.failure = failure;
  }
}

/** Connects and secures the stream; gives it with the features before SASL. */
export async function openStream(address: Address): Promise<{ wire: Wire; features: Element }> {
  const wire = await Wire.connect(address);
  let features = await wire.open();
  if (address.transport === 'tcp' && address.tls === 'starttls') features = await wire.startTls();
  return { wire, features };
}

/** The names of the SASL mechanisms that features offer. */
export function offeredMechanisms(features: Element): string[] {
  return (features.child('mechanisms', NS.sasl)?.childrenNamed('mechanism') ?? []).map((mechanism) => mechanism.text());
}

/** Connects and proves who we are (RFC 6120 §6); gives the stream with the features after SASL. */
export async function authenticate(
  address: Address,
  account: Account,
  mechanism?: string,
): Promise<{ wire: Wire; features: Element }> {
  const { wire, features } = await openStream(address);
  const offered = offeredMechanisms(features);
  const name = mechanism ?? MECHANISMS.find((one) => offered.includes(one));
  if (name === undefined) throw new Error(`no mechanism in common with ${offered.join(' ') || 'the server'}`);
  await exchange(wire, createMechanism(name, localpart(account.jid), account.password));
  return { wire, features: await wire.open() };
}

async function exchange(wire: Wire, mechanism: Mechanism): Promise<void> {
  const { name } = mechanism;
  wire.send(xml('auth', { xmlns: NS.sasl, mechanism: name }, mechanism.first().toString('base64')));
  let proved = Buffer.alloc(0);
  for (;;) {
    const answer = await wire.read();
    const data = Buffer.from(answer.text(), 'base64');
    if (answer.name === 'failure') throw new LoginRefused(answer);
    if (answer.name === 'success') {
      mechanism.verify(data.length > 0 ? data : proved);
      return;
    }
    if (data.toString().startsWith('v=')) {
      // RFC 6120 §6.3.10: a server may send its proof as a challenge, which is answered with nothing.
      proved = data;
      wire.send(xml('response', { xmlns: NS.sasl }));
    } else {
      wire.send(xml('response', { xmlns: NS.sasl }, (await mechanism.respond(data)).toString('base64')));
    }
  }
}

/** Binds a resource (RFC 6120 §7) and gives the full JID. */
export async function bind(wire: Wire, resource?: string): Promise<string> {
  const request = xml('bind', { xmlns: NS.bind }, resource !== undefined && xml('resource', null, resource));
  wire.send(xml('iq', { type: 'set', id: 'bind' }, request));
  const answer = await wire.read((element) => element.name === 'iq' && element.attrs['id'] === 'bind');
  const jid = answer.child('bind', NS.bind)?.child('jid')?.text();
  if (jid === undefined) throw new Error(`bind refused: ${answer.toString()}`);
  return jid;
}

/** SASL2 (XEP-0388) with these inline requests; gives the `<success/>`, after which the features follow. */
export async function authenticate2(
  wire: Wire,
  account: Account,
  mechanismName: string,
  ...inline: Element[]
): Promise<Element> {
  const mechanism = createMechanism(mechanismName, localpart(account.jid), account.password);
  const initial = xml('initial-response', null, mechanism.first().toString('base64'));
  wire.send(xml('authenticate', { xmlns: NS.sasl2, mechanism: mechanismName }, initial, ...inline));
  for (;;) {
    const answer = await wire.read();
    if (answer.name === 'failure') throw new LoginRefused(answer);
    if (answer.name !== 'challenge') {
      if (answer.is('success', NS.sasl2))
        mechanism.verify(Buffer.from(answer.child('additional-data')?.text() ?? '', 'base64'));
      return answer;
    }
    const response = await mechanism.respond(Buffer.from(answer.text(), 'base64'));
    wire.send(xml('response', { xmlns: NS.sasl2 }, response.toString('base64')));
  }
}

/** The part of a JID before the `@`. */
export function localpart(jid: string): string {
  return jid.slice(0, jid.indexOf('@'));
}

/** A JID without its resource. */
export function bareOf(jid: string): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? jid : jid.slice(0, slash);
}
