import { type Element, NS, xml } from '@tutti/xmpp';
import { type Account, authenticate, bind } from '../../conformance/client/login.ts';
import type { Address } from '../../conformance/client/transport.ts';
import type { Wire } from '../../conformance/client/wire.ts';

/** A client that remembers nothing of what it receives: it hands each stanza to `onStanza` and forgets it. */
export class Link {
  readonly jid: string;
  readonly address: Address;
  readonly account: Account;
  wire: Wire;
  onStanza: (stanza: Element) => void = () => undefined;
  /** XEP-0198: set once enabled. */
  sm: { id: string; received: number } | undefined;
  readonly #answers = new Map<string, (answer: Element) => void>();
  #enabled: ((enabled: Element) => void) | undefined;
  #next = 1;

  private constructor(address: Address, account: Account, wire: Wire, jid: string) {
    this.address = address;
    this.account = account;
    this.wire = wire;
    this.jid = jid;
    wire.forward((element) => this.#receive(element));
  }

  /** Logs in and binds a resource; sends no presence. */
  static async open(address: Address, account: Account, resource?: string): Promise<Link> {
    const { wire } = await authenticate(address, account);
    return new Link(address, account, wire, await bind(wire, resource));
  }

  send(stanza: Element): void {
    this.wire.send(stanza);
  }

  ask(type: 'get' | 'set', payload: Element, to?: string): Promise<Element> {
    const id = `ask-${this.#next++}`;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.send(xml('iq', { type, id, to }, payload));
    });
  }

  async enableImNg(): Promise<void> {
    const answer = await this.ask('set', xml('enable', { xmlns: NS.imNg }));
    if (answer.attrs['type'] !== 'result') throw new Error(answer.toString());
  }

  /** Enables stream management with resumption. */
  async enableSm(): Promise<void> {
    const enabled = new Promise<Element>((resolve) => {
      this.#enabled = resolve;
    });
    this.wire.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
    this.sm = { id: (await enabled).attrs['id'] ?? '', received: 0 };
  }

  /** Drops the link, connects again and resumes (XEP-0198 §5). */
  async resume(): Promise<void> {
    if (this.sm === undefined) throw new Error('stream management is off');
    this.wire.cut();
    const { wire } = await authenticate(this.address, this.account);
    wire.send(xml('resume', { xmlns: NS.sm, h: this.sm.received, previd: this.sm.id }));
    const answer = await wire.read((element) => element.ns === NS.sm);
    if (answer.name !== 'resumed') throw new Error(answer.toString());
    this.wire = wire;
    wire.forward((element) => this.#receive(element));
  }

  close(): Promise<void> {
    return this.wire.close();
  }

  #receive(element: Element): void {
    if (element.ns === NS.sm) return this.#receiveNonza(element);
    if (this.sm !== undefined) this.sm.received += 1;
    const answer = element.name === 'iq' ? this.#answers.get(element.attrs['id'] ?? '') : undefined;
    if (answer === undefined) return this.onStanza(element);
    this.#answers.delete(element.attrs['id'] ?? '');
    answer(element);
  }

  #receiveNonza(element: Element): void {
    if (element.name === 'r') this.wire.send(xml('a', { xmlns: NS.sm, h: this.sm?.received ?? 0 }));
    else if (element.name === 'enabled') this.#enabled?.(element);
  }
}

/** Does something for each of `count`, a few at a time. */
export async function inParallel<T>(count: number, width: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results = Array.from<T>({ length: count });
  let next = 0;
  const run = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: width }, run));
  return results;
}
