import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../../../conformance/peers.ts';
import { readConversation, until } from './reading.ts';
import { type Device, logIn, messageWith, open, say, untilOnline, World } from './world.ts';

const HISTORY = 1000;

describe.runIf(requirePeer('chromium', 'the chat page: one conversation on five browsers'))(
  'one conversation on three browsers of Alice and two of Bob',
  { timeout: 120_000 },
  () => {
    let world: World;
    let alice: string;
    let bob: string;
    let phone: Device;
    let desk: Device;
    let tablet: Device;
    let his: Device;
    let hisToo: Device;
    /** What was written by hand, in any order. */
    const written: string[] = [];
    const write = async ({ page }: Device, text: string): Promise<void> => {
      written.push(text);
      await say(page, text);
    };

    beforeAll(async () => {
      world = await World.start();
      [alice, bob] = [await world.account('alice'), await world.account('bob')];
      const bot = await world.bot(bob);
      const chat = bot.conversation(`${alice}@localhost`);
      await Promise.all(Array.from({ length: HISTORY }, (_, index) => chat.send(`history ${index}`)));
      await bot.stop();
    }, 120_000);
    afterAll(() => world.stop());

    it('K5: all five catch up with a thousand messages, and show how far they are', async () => {
      const seen: string[] = [];
      const first = await world.device({ viewport: { width: 390, height: 780 } });
      await first.page.exposeFunction('tell', (text: string) => seen.push(text));
      await first.page.evaluate(() => {
        const tell = (globalThis as unknown as { tell: (text: string) => void }).tell;
        new MutationObserver(() => {
          const text = document.querySelector('.banner')?.textContent ?? '';
          if (text !== '') tell(text);
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
      });
      await logIn(first.page, alice);
      expect(seen.some((text) => /^Fetching what you missed: \d+ of 1000$/.test(text))).toBe(true);
      phone = first;
      [desk, tablet, his, hisToo] = await Promise.all([
        world.loggedIn(alice),
        world.loggedIn(alice),
        world.loggedIn(bob),
        world.loggedIn(bob),
      ]);
      for (const { page } of [phone, desk, tablet]) await open(page, bob);
      for (const { page } of [his, hisToo]) await open(page, alice);
      for (const { page } of [phone, desk, tablet, his, hisToo]) await messageWith(page, 'history 999').waitFor();
    });

    it('S1 D1: what any of them writes comes to all', async () => {
      await Promise.all(
        [phone, desk, tablet, his, hisToo].map((device, index) => write(device, `first words of ${index}`)),
      );
      for (const { page } of [phone, desk, tablet, his, hisToo]) {
        for (let index = 0; index < 5; index += 1) await messageWith(page, `first words of ${index}`).waitFor();
      }
    });

    it('the keyboard goes from the last message to the first that is shown, and back', async () => {
      const { page } = desk;
      const isInView = (): Promise<boolean> =>
        page.evaluate(async () => {
          // After what a change of the focus draws anew.
          for (let n = 0; n < 3; n += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
          const { top = -1, bottom = -1 } = document.activeElement?.getBoundingClientRect() ?? {};
          return document.activeElement?.matches('[data-message]') === true && top >= 0 && bottom <= innerHeight;
        });
      await messageWith(page, 'first words of 4').focus();
      for (const key of ['Home', 'ArrowDown', 'End', 'Home']) {
        await page.keyboard.press(key);
        await until(isInView, () => key);
      }
      await page.keyboard.press('End');
      await page.getByRole('main').getByRole('textbox').focus();
    });

    it('K6: what is written without a network is sent when it is back, and says so meanwhile', async () => {
      phone.network.cut();
      await phone.page.getByText('No connection.').waitFor();
      for (const text of ['without a network 1', 'without a network 2']) await write(phone, text);
      await messageWith(phone.page, 'without a network 2').locator('.state.sending').waitFor();
      await write(his, 'meanwhile');
      await messageWith(desk.page, 'meanwhile').waitFor();
      phone.network.restore();
      await untilOnline(phone.page);
      await messageWith(hisToo.page, 'without a network 2').waitFor();
      await messageWith(phone.page, 'without a network 2').locator('.state:not(.sending)').waitFor();
    });

    it('K6: a page that is loaded again in the middle of sending sends it once', async () => {
      await write(tablet, 'and away');
      await tablet.page.reload();
      await messageWith(tablet.page, 'and away').waitFor();
      tablet.network.cut();
      await write(tablet, 'and away without a network');
      await messageWith(tablet.page, 'and away without a network').locator('.state.sending').waitFor();
      // The page itself comes from what this browser has kept.
      await tablet.page.reload();
      await messageWith(tablet.page, 'and away without a network').locator('.state.sending').waitFor();
      tablet.network.restore();
      await untilOnline(tablet.page);
      await messageWith(his.page, 'and away without a network').waitFor();
    });

    it('I3: a server that is killed while all write loses nothing, and nothing comes twice', async () => {
      const all = [phone, desk, tablet, his, hisToo];
      const writing = all.map(async (device, index) => {
        for (let n = 0; n < 5; n += 1) await write(device, `around the kill ${index}.${n}`);
      });
      await world.server.kill();
      await Promise.all(writing);
      await world.server.run();
      for (const { page } of all) await untilOnline(page);
      for (const { page } of all) {
        for (let index = 0; index < all.length; index += 1)
          await messageWith(page, `around the kill ${index}.4`).waitFor();
      }
    });

    it('at the end all pages show the same conversation in the same order, and the archive too', async () => {
      const settled = async (): Promise<boolean> => {
        const open = [phone, desk, tablet, his, hisToo].map(({ page }) => page.locator('.state.sending').count());
        return (await Promise.all(open)).every((count) => count === 0);
      };
      await until(settled, () => 'something is still on its way');
      const [a1, a2, a3, b1, b2] = await Promise.all(
        [phone, desk, tablet, his, hisToo].map(({ page }) => readConversation(page)),
      );
      const idsAndTexts = (shown: typeof a1 = []): readonly string[] => shown.map(({ id, text }) => `${id} ${text}`);
      expect(a1).toHaveLength(HISTORY + written.length);
      expect(idsAndTexts(a2)).toEqual(idsAndTexts(a1));
      expect(idsAndTexts(a3)).toEqual(idsAndTexts(a1));
      expect(idsAndTexts(b2)).toEqual(idsAndTexts(b1));
      // The two accounts have archives of their own, with ids of their own, and one order.
      expect(b1?.map(({ text, own }) => `${own ? '<' : '>'} ${text}`)).toEqual(
        a1?.map(({ text, own }) => `${own ? '>' : '<'} ${text}`),
      );
      const texts = a1?.map(({ text }) => text).filter((text) => !text.startsWith('history ')) ?? [];
      expect(texts.toSorted()).toEqual(written.toSorted());
      const archive = (await world.bot(alice)).conversation(`${bob}@localhost`).messages;
      expect(idsAndTexts(a1)).toEqual(archive.map(({ id, body }) => `${id} ${body}`));
    });

    it('the pages complained of nothing, and asked nobody but the server', () => {
      expect(world.complaints).toEqual([]);
      expect(world.strangers).toEqual([]);
    });
  },
);
