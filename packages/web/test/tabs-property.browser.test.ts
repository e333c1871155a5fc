import type { Client } from '@tutti/client';
import fc from 'fast-check';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../../../conformance/peers.ts';
import { bundle } from './bundle.ts';
import type { Network } from './network.ts';
import { until } from './reading.ts';
import type { TestedTab } from './tabs-entry.ts';
import { look, World } from './world.ts';

/** What happens, in this order and without waiting for one thing before the next. */
interface Step {
  readonly kind: 'send' | 'others' | 'insist' | 'look' | 'reload' | 'close' | 'cut' | 'restore' | 'rest';
  /** Which tab. */
  readonly tab: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('send' as const) },
    { weight: 3, arbitrary: fc.constant('others' as const) },
    { weight: 9, arbitrary: fc.constantFrom('insist', 'look', 'reload', 'close', 'cut', 'restore') },
    { weight: 4, arbitrary: fc.constant('rest' as const) },
  ),
  tab: fc.nat({ max: 1 }),
});

const RUNS = Number(process.env['TUTTI_RUNS'] ?? 3);

type Read = NonNullable<ReturnType<TestedTab['read']>>;

/** Two tabs of one browser, and what they have been given to say. */
class TwoTabs {
  readonly #context: BrowserContext;
  readonly #url: string;
  readonly #account: Readonly<Record<'username' | 'deviceId' | 'peer', string>>;
  readonly #tabs = new Map<number, Page>();

  constructor(context: BrowserContext, url: string, username: string, peer: string) {
    this.#context = context;
    this.#url = `${url}tabs`;
    this.#account = { username, deviceId: crypto.randomUUID(), peer };
  }

  async open(script: string): Promise<void> {
    // A page that the test answers for has no address of which the browser knew that it is of this machine.
    await this.#context.grantPermissions(['local-network-access']);
    await this.#context.route(this.#url, (route) =>
      route.fulfill({ body: '<!doctype html>', contentType: 'text/html' }),
    );
    await this.#context.addInitScript({
      content: `${script}; globalThis.tab = startTab(${JSON.stringify(this.#account)});`,
    });
    for (const index of [0, 1]) await this.load(index);
  }

  /** Opens a tab, or loads it again. */
  async load(index: number): Promise<void> {
    const page = this.#tabs.get(index) ?? (await this.#context.newPage());
    this.#tabs.set(index, page);
    await page.goto(this.#url);
  }

  async close(index: number): Promise<void> {
    await this.#tabs.get(index)?.close();
    this.#tabs.delete(index);
    await this.load(index);
  }

  /** The user looks at one, and not at the other. */
  async look(index: number): Promise<void> {
    for (const [other, page] of this.#tabs) await look(page, other === index ? 'visible' : 'hidden');
  }

  /** Has a tab do one of the things that it can. */
  ask<Name extends keyof TestedTab>(index: number, name: Name, text = ''): Promise<ReturnType<TestedTab[Name]>> {
    const page = this.#tabs.get(index);
    if (page === undefined) throw new Error('there are two tabs');
    return page.evaluate(
      ([what, said]) => (globalThis as unknown as { readonly tab: TestedTab }).tab[what](said) as never,
      [name, text] as const,
    );
  }
}

describe.runIf(requirePeer('chromium', 'two tabs over one store'))(
  'K5 K6: two tabs of one page over one IndexedDB',
  () => {
    let world: World;
    let script: string;
    beforeAll(async () => {
      [world, script] = [await World.start(), await bundle('tabs-entry.ts')];
    });
    afterAll(() => world.stop());

    async function play(
      steps: readonly Step[],
      tabs: TwoTabs,
      network: Network,
      others: readonly Client[],
      peers: readonly string[],
    ): Promise<string[]> {
      const sent: string[] = [];
      for (const { kind, tab } of steps) {
        const text = `${kind} ${sent.length}`;
        if (kind === 'send') {
          if (await tabs.ask(tab, 'send', text)) sent.push(text);
        } else if (kind === 'others') {
          sent.push(text);
          void others[tab]?.conversation(peers[tab] ?? '').send(text);
        } else if (kind === 'insist') await tabs.ask(tab, 'insist');
        else if (kind === 'look') await tabs.look(tab);
        else if (kind === 'reload') await tabs.load(tab);
        else if (kind === 'close') await tabs.close(tab);
        else if (kind === 'cut') network.cut();
        else if (kind === 'restore') network.restore();
        else await new Promise((resolve) => setTimeout(resolve, 150));
      }
      return sent;
    }

    it('whichever has the turn shows the archive, and what was said in either is there, once', {
      timeout: RUNS * 60_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 24 }), async (steps) => {
          const [alice, bob] = [await world.account('alice'), await world.account('bob')];
          const [desk, his] = [await world.bot(alice), await world.bot(bob)];
          const { context, network, url } = await world.browser();
          const tabs = new TwoTabs(context, url, alice, his.account);
          await tabs.open(script);
          const sent = await play(steps, tabs, network, [desk, his], [his.account, desk.account]);
          network.restore();
          for (const index of [0, 1]) {
            await tabs.look(index);
            await tabs.ask(index, 'insist');
            let read: Read | undefined;
            const isThere = async (): Promise<boolean> => {
              read = await tabs.ask(index, 'read');
              return read?.sending === 0 && read.archived.length >= sent.length;
            };
            await until(isThere, async () => [read, sent, await tabs.ask(index, 'status')]);
            await until(
              () => desk.conversation(his.account).messages.length >= sent.length,
              () => desk.conversation(his.account).messages.map(({ body }) => body),
            );
            const archive = desk.conversation(his.account).messages.map(({ id, body }) => [id, body]);
            expect(read?.archived).toEqual(archive);
            expect(archive.map(([, body]) => body).toSorted()).toEqual(sent.toSorted());
            expect(await tabs.ask(index, 'status')).toBe('online');
          }
          await context.close();
          await Promise.all([desk.stop(), his.stop()]);
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
    });
  },
);
