import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../../../conformance/peers.ts';
import { until } from './reading.ts';
import { type Device, logIn, messageWith, open, say, untilOnline, World } from './world.ts';

const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };
/** The smallest picture there is. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** What axe finds wrong, as sentences. */
async function findBarriers(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}

const act = (page: Page, text: string, action: string): Promise<void> =>
  (async () => {
    await messageWith(page, text).focus();
    await page.keyboard.press('Enter');
    await messageWith(page, text).getByRole('button', { name: action, exact: true }).click();
  })();

const goTo = (page: Page, place: string): Promise<void> =>
  page.evaluate((to) => void (location.hash = to), `#/${place}`);

describe.runIf(requirePeer('chromium', 'the chat page: what it can do, and for whom'))(
  'the chat page',
  { timeout: 120_000 },
  () => {
    let world: World;
    let alice: string;
    let bob: string;
    let hers: Device;
    let his: Device;

    beforeAll(async () => {
      world = await World.start('invitations.accounts=everyone');
      [alice, bob] = [await world.account('alice'), await world.account('bob')];
      [hers, his] = [await world.loggedIn(alice), await world.loggedIn(bob, PHONE)];
    });
    afterAll(() => world.stop());

    it('says what is wrong with a login', async () => {
      const device = await world.device();
      await device.page.getByLabel('Address').fill('somebody');
      await device.page.getByLabel('Password').fill('wrong');
      await device.page.getByRole('button', { name: 'Log in' }).click();
      await device.page
        .getByRole('alert')
        .filter({ hasText: 'This address and password don’t fit together.' })
        .waitFor();
      await device.page.getByLabel('Address').fill('alice@elsewhere.example');
      await device.page.getByRole('button', { name: 'Log in' }).click();
      await device.page.getByRole('alert').filter({ hasText: 'addresses that end in @localhost.' }).waitFor();
      await device.page.getByLabel('Address').fill('@@');
      await device.page.getByRole('button', { name: 'Log in' }).click();
      await device.page.getByRole('alert').filter({ hasText: 'This is not an address.' }).waitFor();
      expect(await findBarriers(device.page)).toEqual([]);
    });

    it('its policy (CSP 3) lets it run its own scripts and speak with its own server', async () => {
      const { headers } = await fetch(`http://127.0.0.1:${world.server.port}/`);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).not.toContain('unsafe');
      const isRun = await hers.page.evaluate(() => {
        const script = document.createElement('script');
        try {
          script.textContent = 'globalThis.isRun = true';
          document.head.append(script);
        } catch {
          return 'refused';
        }
        return (globalThis as { isRun?: boolean }).isRun ?? false;
      });
      expect(isRun).not.toBe(true);
      world.complaints.length = 0;
    });

    it('RFC 6121 §3: Alice asks, Bob accepts, and both see each other', async () => {
      await hers.page.getByRole('link', { name: 'New conversation' }).first().click();
      await hers.page.getByLabel('Their address').fill(bob);
      await hers.page.getByLabel('Name').fill('Bob Sommer');
      await hers.page.getByRole('button', { name: 'Start' }).click();
      await hers.page.getByRole('heading', { name: 'Bob Sommer' }).waitFor();
      await his.page.getByText(`${alice}@localhost would like to be your contact.`).waitFor();
      expect(await findBarriers(his.page)).toEqual([]);
      await his.page.getByRole('button', { name: 'Accept' }).tap();
      await his.page.locator('.presence.online').waitFor();
      await hers.page.locator('.list .presence.online').waitFor();
      expect(await hers.page.locator('.request').count()).toBe(0);
    });

    it('XEP-0333 XEP-0085: unread counts, stored and seen, writing', async () => {
      await say(hers.page, 'Dinner at eight?');
      await messageWith(hers.page, 'Dinner').locator('.state.received').waitFor();
      await his.page.getByText('1 unread message', { exact: true }).waitFor({ state: 'attached' });
      expect(await his.page.title()).toBe('(1) Tutti');
      await his.page.locator('a.row').tap();
      await messageWith(hers.page, 'Dinner').getByText('Seen').waitFor();
      await until(
        async () => (await his.page.title()) === 'Tutti',
        () => his.page.title(),
      );
      await his.page.getByRole('textbox').pressSequentially('Gla');
      await hers.page.getByRole('main').getByText('is writing…').waitFor();
      await his.page.getByRole('textbox').fill('Gladly');
      await his.page.getByRole('button', { name: 'Send', exact: true }).tap();
      await messageWith(hers.page, 'Gladly').waitFor();
      await hers.page.getByRole('main').getByText('is writing…').waitFor({ state: 'detached' });
    });

    it('XEP-0308 XEP-0444 XEP-0461 XEP-0424: edit, react, reply and take back, by keyboard', async () => {
      await say(hers.page, 'At seven, then');
      await messageWith(his.page, 'At seven, then').waitFor();
      const written = (): Promise<string> => hers.page.getByRole('textbox').inputValue();
      await until(async () => (await written()) === '', written);
      await hers.page.keyboard.press('ArrowUp');
      await until(async () => (await written()) === 'At seven, then', written);
      await say(hers.page, 'At nine, then');
      await messageWith(his.page, 'At nine, then').getByText('edited').waitFor();
      expect(await messageWith(his.page, 'At seven').count()).toBe(0);

      await act(hers.page, 'Gladly', 'React with ❤️');
      await messageWith(his.page, 'Gladly').locator('.reactions').getByText('❤️').first().waitFor();

      await messageWith(his.page, 'At nine').locator('.body').tap();
      await his.page.getByRole('button', { name: 'Reply' }).tap();
      await his.page.getByRole('textbox').fill('Better');
      await his.page.getByRole('button', { name: 'Send', exact: true }).tap();
      await messageWith(hers.page, 'Better').locator('.quote').getByText('At nine, then').waitFor();

      await say(hers.page, 'Something rash');
      await messageWith(his.page, 'Something rash').waitFor();
      await act(hers.page, 'Something rash', 'Take back');
      await hers.page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
      await messageWith(his.page, 'This message was taken back.').waitFor();
      expect(await messageWith(his.page, 'Something rash').count()).toBe(0);
    });

    it('a message is text, and its links lead where they say', async () => {
      const tricky = '<img src=x onerror=alert(1)> javascript:alert(2) https://example.org/a?b=1, <b>bold</b>';
      await say(hers.page, tricky);
      const body = messageWith(his.page, 'onerror').locator('.body');
      await body.waitFor();
      expect(await body.textContent()).toBe(tricky);
      const links = await body
        .locator('a')
        .evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.getAttribute('rel')]));
      expect(links).toEqual([['https://example.org/a?b=1', 'noopener noreferrer nofollow']]);
      expect(await body.locator('img, b, script').count()).toBe(0);
    });

    it('XEP-0066 XEP-0363: pictures: uploaded and shown; of another server when they are wanted', async () => {
      await hers.page
        .locator('input[type=file]')
        .setInputFiles({ name: 'sun.png', mimeType: 'image/png', buffer: PIXEL });
      // This browser came by another address than the server has, which makes the server a stranger: it asks first.
      const shown = his.page.locator('.attachment').last();
      await shown.waitFor();
      await say(hers.page, 'https://pictures.example/cat.png');
      const asking = his.page.getByRole('button', { name: 'Show picture from pictures.example' });
      await asking.waitFor();
      expect(world.strangers.filter((url) => url.includes('pictures.example'))).toEqual([]);
      await his.context.route('https://pictures.example/**', (route) =>
        route.fulfill({ body: PIXEL, contentType: 'image/png' }),
      );
      await asking.tap();
      await his.page
        .getByRole('img', { name: /Picture from/ })
        .last()
        .waitFor();
      expect(world.strangers.filter((url) => url.includes('pictures.example'))).toHaveLength(1);
    });

    it('XEP-0363: a picture of the own server is shown as it is', async () => {
      const context = await his.context.browser()?.newContext({ locale: 'en-GB' });
      if (context === undefined) throw new Error('no browser');
      const page = await context.newPage();
      // As people come: by the address that the server has.
      await page.goto(`http://localhost:${world.server.port}/`);
      await logIn(page, bob);
      await open(page, alice);
      const picture = page.getByRole('img', { name: `Picture from ${alice}` }).first();
      await picture.waitFor();
      await until(
        () => picture.evaluate((image: HTMLImageElement) => image.naturalWidth === 1),
        () => picture.getAttribute('src'),
      );
      await context.close();
    });

    it('searches what is on this device', async () => {
      await hers.page.getByRole('link', { name: 'Search' }).click();
      await hers.page.getByRole('searchbox').fill('EIGHT dinner');
      await hers.page.getByText('1 message found').waitFor();
      expect(await findBarriers(hers.page)).toEqual([]);
      await hers.page
        .getByRole('main')
        .getByRole('link', { name: /Dinner at eight/ })
        .click();
      await hers.page.locator('.wanted').filter({ hasText: 'Dinner at eight?' }).waitFor();
    });

    it('has no barriers that axe finds: list, conversation, actions, dialogs, settings; light, dark, German, phone', async () => {
      await open(hers.page, bob);
      await messageWith(hers.page, 'Gladly').focus();
      await hers.page.keyboard.press('Enter');
      expect(await findBarriers(hers.page)).toEqual([]);
      await hers.page.emulateMedia({ colorScheme: 'dark' });
      expect(await findBarriers(hers.page)).toEqual([]);
      await hers.page.getByRole('button', { name: 'About this contact' }).click();
      expect(await findBarriers(hers.page)).toEqual([]);
      await hers.page.keyboard.press('Escape');
      expect(await findBarriers(his.page)).toEqual([]);
      await his.page.getByRole('link', { name: 'Back' }).tap();
      expect(await findBarriers(his.page)).toEqual([]);
      await goTo(hers.page, 'settings');
      await hers.page.getByLabel('Language').selectOption({ label: 'Deutsch' });
      await hers.page.getByRole('heading', { name: 'Einstellungen' }).waitFor();
      await hers.page.locator('html[lang=de]').waitFor({ state: 'attached' });
      expect(await findBarriers(hers.page)).toEqual([]);
      await hers.page.getByLabel('Sprache').selectOption({ label: 'English' });
      await hers.page.emulateMedia({ colorScheme: 'light' });
    });

    it('opens and can be read without a network, with the address bar', async () => {
      await hers.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      await open(hers.page, bob);
      hers.network.cut();
      await hers.page.goto(`${hers.url}#/c/${encodeURIComponent(`${bob}@localhost`)}`);
      await hers.page.reload();
      await messageWith(hers.page, 'Dinner at eight?').waitFor();
      await hers.page.getByText('No connection.').waitFor();
      expect(await hers.page.getByRole('heading', { name: 'Bob Sommer' }).count()).toBe(1);
      hers.network.restore();
      await hers.page.getByRole('button', { name: 'Try now' }).click();
      await untilOnline(hers.page);
    });

    it('can be installed: a manifest with icons, and a service worker', async () => {
      const read = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${world.server.port}${path}`);
      const manifest = (await (await read('/manifest.webmanifest')).json()) as {
        readonly icons: readonly { readonly src: string; readonly sizes: string; readonly type: string }[];
      };
      for (const { src, type } of manifest.icons) expect((await read(src)).headers.get('content-type')).toContain(type);
      expect(manifest.icons.map(({ sizes }) => sizes)).toEqual(expect.arrayContaining(['192x192', '512x512']));
      const session = await hers.context.newCDPSession(hers.page);
      const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
      // A browser without windows installs nothing, whatever the page.
      expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([]);
    });

    it('a second tab in view asks first, and has no barriers', async () => {
      const second = await hers.context.newPage();
      await second.goto(hers.url);
      await second.getByText('Tutti is open in another tab').waitFor();
      expect(await findBarriers(second)).toEqual([]);
      await second.getByRole('button', { name: 'Use it here' }).click();
      await second.getByRole('navigation', { name: 'Conversations' }).waitFor();
      await untilOnline(second);
      await hers.page.getByText('Tutti is open in another tab').waitFor();
      await hers.page.getByRole('button', { name: 'Use it here' }).click();
      await untilOnline(hers.page);
      await second.close();
    });

    it('XEP-0191: who is blocked can say nothing, and a message that does not get through says why', async () => {
      await open(hers.page, bob);
      await hers.page.getByRole('button', { name: 'About this contact' }).click();
      await hers.page.getByRole('button', { name: 'Block', exact: true }).click();
      await hers.page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click();
      await hers.page.getByText('You have blocked Bob Sommer.').waitFor();
      await open(his.page, alice);
      await his.page.getByRole('textbox').fill('Hello?');
      await his.page.getByRole('button', { name: 'Send', exact: true }).tap();
      await his.page.getByText('The address doesn’t exist, or takes no messages from you.').waitFor();
      expect(await findBarriers(his.page)).toEqual([]);
      await hers.page.getByRole('button', { name: 'Unblock' }).click();
      await hers.page.getByRole('main').getByRole('textbox').waitFor();
      await messageWith(his.page, 'Hello?').getByRole('button', { name: 'Try again' }).tap();
      await messageWith(hers.page, 'Hello?').waitFor();
    });

    it('XEP-0401 XEP-0445: who is invited makes an account and is a contact', async () => {
      await goTo(hers.page, 'new');
      await hers.page.getByRole('button', { name: 'Invite somebody' }).click();
      const link = await hers.page.getByRole('textbox', { name: 'Link to send' }).inputValue();
      expect(link).toMatch(new RegExp(`#${alice}@localhost\\?roster;preauth=`));
      const device = await world.device();
      await device.page.goto(`${device.url}${new URL(link).hash}`);
      await device.page.getByText(`${alice}@localhost invites you to chat.`).waitFor();
      expect(await findBarriers(device.page)).toEqual([]);
      await device.page.getByLabel('Name').fill('Carol');
      await device.page.getByLabel('Password', { exact: true }).fill('a good one');
      await device.page.getByLabel('Password once more').fill('another');
      await device.page.getByRole('button', { name: 'Make an account' }).click();
      await device.page.getByText('The two passwords are not the same.').waitFor();
      await device.page.getByLabel('Password once more').fill('a good one');
      await device.page.getByRole('button', { name: 'Make an account' }).click();
      await device.page.getByRole('heading', { name: alice }).waitFor();
      await say(device.page, 'Here I am');
      await hers.page.locator('a.row').filter({ hasText: 'Here I am' }).locator('.presence.online').waitFor();
    });

    it('XEP-0077 XEP-0379: who makes an account without one, and follows a link later, is a contact too', async () => {
      // The link of before was good once.
      await goTo(hers.page, 'settings');
      await goTo(hers.page, 'new');
      await hers.page.getByRole('button', { name: 'Invite somebody' }).click();
      const link = await hers.page.getByRole('textbox', { name: 'Link to send' }).inputValue();
      const { page, url } = await world.device();
      await page.getByRole('button', { name: 'Make an account' }).click();
      await page.getByLabel('Name').fill('Dora');
      await page.getByLabel('Password', { exact: true }).fill('a good one');
      await page.getByLabel('Password once more').fill('a good one');
      expect(await findBarriers(page)).toEqual([]);
      await page.getByRole('button', { name: 'Make an account' }).click();
      await page.getByText('No conversations yet.').waitFor();
      await untilOnline(page);
      await page.goto(`${url}${new URL(link).hash}`);
      await page.getByRole('heading', { name: alice }).waitFor();
      await page.getByRole('main').getByText('online').waitFor();
    });

    it('a device that is logged out from another one has to log in again, and keeps its messages', async () => {
      const device = await world.loggedIn(alice);
      await goTo(hers.page, 'settings');
      const entry = hers.page
        .locator('[data-device]')
        .filter({ hasText: 'Chrome, Linux' })
        .filter({ hasText: 'in sync' });
      await entry.getByRole('button', { name: 'Log out' }).click();
      await hers.page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
      await device.page.getByText('You were logged out on this device.').waitFor();
      await entry.waitFor({ state: 'detached' });
      // Nobody who found the old password comes back with it.
      await hers.page.getByText('Change the password').first().click();
      await hers.page.getByLabel('New password').fill('better');
      await hers.page.getByLabel('Password once more').fill('better');
      await hers.page.getByRole('button', { name: 'Change the password' }).click();
      await hers.page.getByText('The password was changed.').waitFor();
      // Its token is gone with it: loading the page again does not help.
      await device.page.reload();
      await device.page.getByText('You were logged out on this device.').waitFor();
      await device.page.getByLabel('Password').fill('secret');
      await device.page.getByRole('button', { name: 'Log in' }).click();
      await device.page.getByText('This address and password don’t fit together.').waitFor();
      await device.page.getByLabel('Password').fill('better');
      await device.page.getByRole('button', { name: 'Log in' }).click();
      await device.page.locator('a.row').first().waitFor();
    });

    it('logging out leaves nothing in the browser', async () => {
      const device = await world.loggedIn(bob);
      await goTo(device.page, 'settings');
      await device.page.getByRole('button', { name: 'Log out', exact: true }).first().click();
      await device.page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
      await device.page.getByLabel('Password').waitFor();
      const left = (): Promise<readonly string[]> =>
        device.page.evaluate(async () => [
          ...Object.keys(localStorage).filter((key) => /account|token|names|draft/.test(key)),
          ...(await indexedDB.databases()).map(({ name }) => name ?? ''),
        ]);
      await until(async () => (await left()).length === 0, left);
      await logIn(device.page, bob);
    });

    it('the pages complained of nothing', () => {
      expect(world.complaints).toEqual([]);
    });
  },
);
