import { NS, parseXml, xml } from '@tutti/xmpp';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FakeClock } from '../../../test/fake-clock.ts';
import { readBody } from './body.ts';
import type { BoshRequest } from './requests.ts';
import { BoshSession } from './session.ts';

const NO_LIMITS = { stanzaBytes: 0, depth: 0, attributes: 0, nameBytes: 0 };
const FIRST = 100;

/** What may happen next: to the client, to the server, on the way. */
type Step =
  | { readonly kind: 'say'; readonly count: number }
  | { readonly kind: 'tell' }
  | { readonly kind: 'arrive' | 'cut' | 'lose' | 'repeat'; readonly which: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('say' as const), count: fc.nat({ max: 2 }) }),
    fc.record({ kind: fc.constant('tell' as const) }),
    fc.record({
      kind: fc.constantFrom('arrive' as const, 'cut' as const, 'lose' as const, 'repeat' as const),
      which: fc.nat({ max: 5 }),
    }),
  ),
  { maxLength: 80 },
);

/** A client, a session and a network between them that loses, repeats and overtakes. */
class Link {
  readonly heard: number[] = [];
  readonly told: number[] = [];
  said = 0;
  sent = 0;
  readonly #session: BoshSession;
  #rid = FIRST - 1;
  /** The text of requests without an answer. */
  readonly #open = new Map<number, string>();
  /** Copies of them that are on the way. */
  #way: number[] = [];
  /** Those that have arrived. */
  #there: { readonly rid: number; readonly request: BoshRequest }[] = [];
  readonly #answers = new Map<number, string>();
  #next = FIRST;
  /** The next answers are lost. */
  #losing = 0;
  ended = false;

  constructor() {
    const terms = {
      sid: 's',
      wait: 1e9,
      hold: 1,
      requests: 2,
      inactivity: 1e9,
      maxPause: 0,
      polling: 0,
      acks: false,
      version: '1.11',
    };
    const creation = readBody(Buffer.from(this.#write(FIRST, '')), NO_LIMITS);
    const peer = { address: '', loopback: true, tls: undefined };
    this.#session = new BoshSession(creation, terms, peer, new FakeClock(), () => (this.ended = true));
    const take = (bytes: Uint8Array): void => {
      const element = parseXml(bytes);
      if (element.name === 'message') this.heard.push(Number(element.attrs['id']));
    };
    this.#session.handler = { data: take, drained: () => undefined, closed: () => undefined };
    this.say(0);
  }

  /** The client sends so many messages, if a request is free. */
  say(count: number): void {
    if (this.#open.size >= 2 || (this.#rid >= FIRST && this.#next === FIRST)) return;
    let content = '';
    for (let n = 0; n < count; n += 1) content += `<message xmlns='jabber:client' id='${this.said++}'/>`;
    this.#rid += 1;
    this.#open.set(this.#rid, this.#write(this.#rid, content));
    this.#way.push(this.#rid);
  }

  /** The server writes a message. */
  tell(): void {
    this.#session.write(xml('message', { xmlns: NS.client, id: this.sent++ }).toBytes());
  }

  step(step: Step): void {
    if (step.kind === 'say') this.say(step.count);
    else if (step.kind === 'tell') this.tell();
    else if (step.kind === 'arrive') this.#arrive(step.which);
    else if (step.kind === 'lose') this.#losing += 1;
    else if (step.kind === 'cut') this.#cut(step.which);
    else this.#repeat(step.which);
  }

  /** From now on nothing is lost: until everybody has everything. */
  async settle(): Promise<void> {
    this.#losing = 0;
    for (let turn = 0; turn < 200 && !(this.told.length === this.sent && this.heard.length === this.said); turn += 1) {
      for (const rid of this.#open.keys()) if (!this.#way.includes(rid) && !this.#isThere(rid)) this.#way.push(rid);
      while (this.#way.length > 0) this.#arrive(0);
      await pass();
      if (this.#open.size === 0) this.say(0);
    }
  }

  #arrive(which: number): void {
    const [rid] = this.#way.splice(which % Math.max(1, this.#way.length), 1);
    const text = rid === undefined ? undefined : this.#open.get(rid);
    if (rid === undefined || text === undefined) return;
    const request: BoshRequest = {
      body: readBody(Buffer.from(text), NO_LIMITS),
      isGone: false,
      reply: (answer, sent) => {
        this.#there = this.#there.filter((one) => one.request !== request);
        sent();
        this.#hear(rid, answer, request.isGone);
      },
    };
    this.#there.push({ rid, request });
    this.#session.receive(request);
  }

  /** The connection of a request that waits breaks. */
  #cut(which: number): void {
    const [one] = this.#there.splice(which % Math.max(1, this.#there.length), 1);
    if (one !== undefined) this.#session.lost(one.request);
  }

  /** The client is impatient. */
  #repeat(which: number): void {
    const rid = [...this.#open.keys()][which % Math.max(1, this.#open.size)];
    if (rid !== undefined) this.#way.push(rid);
  }

  #hear(rid: number, answer: string, isGone: boolean): void {
    if (isGone || answer === '' || !this.#open.has(rid)) return;
    if (this.#losing > 0) {
      this.#losing -= 1;
      return;
    }
    this.#open.delete(rid);
    this.#answers.set(rid, answer);
    for (let text = this.#answers.get(this.#next); text !== undefined; text = this.#answers.get(this.#next)) {
      this.#next += 1;
      const body = parseXml(text);
      if (body.attrs['type'] === 'terminate') this.ended = true;
      for (const { attrs } of body.elements) this.told.push(Number(attrs['id']));
    }
  }

  #isThere(rid: number): boolean {
    return this.#there.some((one) => one.rid === rid);
  }

  #write(rid: number, content: string): string {
    return `<body xmlns='${NS.httpBind}' rid='${rid}' sid='s'>${content}</body>`;
  }
}

async function pass(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

it('XEP-0124 §14 whatever is lost, repeated or overtaken: both sides have everything once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const link = new Link();
      for (const step of list) {
        link.step(step);
        await pass();
      }
      await link.settle();
      expect(link.ended).toBe(false);
      expect(link.heard).toEqual(Array.from({ length: link.said }, (_, id) => id));
      expect(link.told).toEqual(Array.from({ length: link.sent }, (_, id) => id));
    }),
    { numRuns: 300 },
  );
});
