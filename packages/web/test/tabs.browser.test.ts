import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../../../conformance/peers.ts';
import { readConversation, until } from './reading.ts';
import { type Device, look, messageWith, open, say, untilOnline, World } from './world.ts';

const OPEN_ELSEWHERE = 'Tutti is open in another tab or window of this browser.';

describe.runIf(requirePeer('chromium', 'the chat page: two tabs'))(
  'two tabs of one browser',
  { timeout: 120_000 },
  () => {
    let world: World;
    let bob: string;
    let alice: string;
    let hers: Device;
    let his: Device;
    let first: Page;
    let second: Page;

    beforeAll(async () => {
      world = await World.start();
      [alice, bob] = [await world.account('alice'), await world.account('bob')];
      [hers, his] = [await world.loggedIn(alice), await world.loggedIn(bob)];
      await open(his.page, alice);
      first = hers.page;
      await open(first, bob);
    });
    afterAll(() => world.stop());

    /** The user goes from one tab to another. */
    async function goOver(from: Page, to: Page): Promise<void> {
      await look(from, 'hidden');
      await look(to, 'visible');
      await to.getByRole('main').getByRole('textbox').waitFor();
      await untilOnline(to);
    }
    const waits = (page: Page): Promise<void> => page.getByText(OPEN_ELSEWHERE).waitFor();
    const textsOf = async (page: Page): Promise<readonly string[]> =>
      (await readConversation(page)).map(({ text }) => text);

    it('a tab that is opened beside one in view asks first', async () => {
      second = await world.tab({ ...hers, url: `${hers.url}#/c/${encodeURIComponent(`${bob}@localhost`)}` });
      await waits(second);
      await second.getByRole('button', { name: 'Use it here' }).click();
      await untilOnline(second);
      await waits(first);
    });

    it('the one that is looked at is the one in use, without a question', async () => {
      await goOver(second, first);
      await say(first, 'said in the first');
      await messageWith(his.page, 'said in the first').waitFor();
      await goOver(first, second);
      await waits(first);
      await messageWith(second, 'said in the first').waitFor();
      await say(second, 'said in the second');
      await messageWith(his.page, 'said in the second').waitFor();
      await goOver(second, first);
      await messageWith(first, 'said in the second').waitFor();
      expect(await textsOf(first)).toEqual(['said in the first', 'said in the second']);
    });

    it('K6: what is being sent when the other tab takes over is there once', async () => {
      for (let n = 0; n < 5; n += 1) {
        await say(first, `hand-over ${n}`);
        // At once, whatever has come of it.
        [first, second] = [second, first];
        await goOver(second, first);
      }
      hers.network.cut();
      await say(first, 'without a network');
      await messageWith(first, 'without a network').locator('.state.sending').waitFor();
      await look(first, 'hidden');
      await look(second, 'visible');
      await messageWith(second, 'without a network').locator('.state.sending').waitFor();
      hers.network.restore();
      await untilOnline(second);
      [first, second] = [second, first];
      await messageWith(his.page, 'without a network').waitFor();
      await messageWith(first, 'without a network').locator('.state:not(.sending)').waitFor();
      const texts = [0, 1, 2, 3, 4].map((n) => `hand-over ${n}`);
      const expected = ['said in the first', 'said in the second', ...texts, 'without a network'];
      for (const page of [first, his.page]) {
        await until(
          async () => (await textsOf(page)).length >= expected.length,
          () => textsOf(page),
        );
        expect(await textsOf(page)).toEqual(expected);
      }
    });

    it('a draft goes along', async () => {
      await first.getByRole('main').getByRole('textbox').fill('half a sen');
      await goOver(first, second);
      expect(await second.getByRole('main').getByRole('textbox').inputValue()).toBe('half a sen');
      await say(second, 'half a sentence');
      await messageWith(his.page, 'half a sentence').waitFor();
    });

    it('a tab that hangs loses its turn, and sees so when it comes round; nothing is lost or doubled', async () => {
      await say(second, 'before the tab hangs');
      await messageWith(his.page, 'before the tab hangs').waitFor();
      await look(first, 'visible');
      const debug = await hers.context.newCDPSession(second);
      await debug.send('Debugger.enable');
      await debug.send('Debugger.pause');
      // It stops with the next thing that it does.
      await say(his.page, 'are you there?');
      await first.getByRole('button', { name: 'Use it here' }).click();
      await messageWith(first, 'are you there?').waitFor();
      await untilOnline(first);
      await say(first, 'now I am');
      await messageWith(his.page, 'now I am').waitFor();
      await debug.send('Debugger.resume');
      await debug.send('Debugger.disable');
      await waits(second);
      await say(first, 'and still');
      await messageWith(his.page, 'and still').waitFor();
      const last = ['before the tab hangs', 'are you there?', 'now I am', 'and still'];
      for (const page of [first, his.page]) expect((await textsOf(page)).slice(-4)).toEqual(last);
      await goOver(first, second);
      expect((await textsOf(second)).slice(-4)).toEqual(last);
    });

    it('when the one in use is closed, the other one goes on by itself', async () => {
      await say(second, 'and goodbye');
      await second.close();
      await untilOnline(first);
      await messageWith(first, 'and goodbye').waitFor();
      await messageWith(his.page, 'and goodbye').waitFor();
      expect((await textsOf(first)).filter((text) => text === 'and goodbye')).toHaveLength(1);
    });

    it('logging out in one logs out the other', async () => {
      await look(first, 'visible');
      const other = await world.tab(hers);
      await waits(other);
      await first.evaluate(() => void (location.hash = '#/settings'));
      await first.getByRole('button', { name: 'Log out', exact: true }).first().click();
      await first.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
      await first.getByLabel('Password').waitFor();
      await other.getByLabel('Password').waitFor();
    });

    it('the pages complained of nothing', () => {
      expect(world.complaints).toEqual([]);
    });
  },
);
