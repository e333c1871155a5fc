import { type Client, createClient, registerAccount } from '@tutti/client';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../peers.ts';
import type { OwnTarget } from '../target.ts';
import { startTutti } from '../targets/tutti.ts';
import { ConversePages } from './converse.ts';

describe.runIf(requirePeer('chromium', 'Converse.js in Chromium'))('Converse.js in Chromium', () => {
  let tutti: OwnTarget;
  let browser: Browser;
  let pages: ConversePages;
  let page: Page;
  let phone: Client;
  let bob: Client;
  /** What Converse has sent. */
  const sent: string[] = [];

  beforeAll(async () => {
    tutti = await startTutti();
    const service = `ws://127.0.0.1:${tutti.address('ws').port}/xmpp-websocket`;
    for (const username of ['alice', 'bob'])
      await registerAccount({ service, domain: 'localhost', username, password: 'secret' });
    const connect = async (username: string): Promise<Client> => {
      const client = createClient({ service, domain: 'localhost', username, password: 'secret' });
      await client.start();
      return client;
    };
    [phone, bob] = await Promise.all([connect('alice'), connect('bob')]);
    pages = await ConversePages.serve(service);
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
    page = await pages.open(browser, 'alice@localhost', 'plugin', sent);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    pages?.close();
    await Promise.all([phone?.stop(), bob?.stop()]);
    await tutti?.stop();
  });

  const shown = (text: string) => page.locator('converse-chat-message-body', { hasText: text });

  it('K1 shows what is received and what another device of the account has sent, each once', {
    timeout: 60_000,
  }, async () => {
    await bob.conversation('alice@localhost').send('hello from bob');
    await page
      .locator('.list-item', { hasText: 'bob' })
      .first()
      .click({ timeout: 20_000 })
      .catch(() => {});
    await shown('hello from bob').waitFor({ timeout: 20_000 });
    await phone.conversation('bob@localhost').send('hello from the phone');
    await shown('hello from the phone').waitFor({ timeout: 20_000 });
    expect(await shown('hello from the phone').count()).toBe(1);
    expect(await shown('hello from bob').count()).toBe(1);
  });

  it('K1 enables IM-NG before its presence, and never Carbons', () => {
    const first = (text: string): number => sent.findIndex((frame) => frame.includes(text));
    expect(first('urn:xmpp:im-ng:0')).toBeGreaterThan(-1);
    expect(first('<presence')).toBeGreaterThan(first('urn:xmpp:im-ng:0'));
    expect(sent.filter((frame) => /<enable[^>]*urn:xmpp:carbons:2/.test(frame))).toEqual([]);
    expect(sent.filter((frame) => /<enable[^>]*urn:xmpp:im-ng:0/.test(frame))).toHaveLength(1);
  });

  it('what it sends itself is shown once, and the other device has it', { timeout: 60_000 }, async () => {
    await page.locator('textarea.chat-textarea').fill('hello from the browser');
    await page.keyboard.press('Enter');
    await shown('hello from the browser').waitFor({ timeout: 20_000 });
    await expect
      .poll(async () => phone.conversation('bob@localhost').messages.map(({ body }) => body), {
        timeout: 20_000,
      })
      .toEqual(['hello from bob', 'hello from the phone', 'hello from the browser']);
    expect(await shown('hello from the browser').count()).toBe(1);
  });
});
