import { createHash } from 'node:crypto';
import { NS, xml } from '@tutti/xmpp';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Device } from '../client/device.ts';
import type { Account } from '../client/login.ts';
import { Hall } from '../hall.ts';
import { itemsOf, pubsub, wantEvents } from '../pep.ts';
import { requirePeer } from '../peers.ts';
import { freshLocalpart, type OwnTarget } from '../target.ts';
import { fetchRoster } from '../roster.ts';
import { startTutti } from '../targets/tutti.ts';
import { ConversePages } from './converse.ts';
import { paint } from './picture.ts';

/** What a browser may need, on a busy machine. */
const SOON = { timeout: 20_000 };

/** Alice has Converse with the plugin, a tablet with Converse as it comes, and a desk with IM-NG; Bob has Converse as it comes. */
describe.runIf(requirePeer('chromium', 'rooms with Converse.js'))('Converse.js in Chromium: rooms and more', () => {
  let tutti: OwnTarget;
  let pages: ConversePages;
  let browser: Browser;
  let alice: Account;
  let bob: Account;
  let desk: Device;
  let alicesPage: Page;
  let bobsPage: Page;
  let tablet: Page;
  let hall: Hall;

  beforeAll(async () => {
    tutti = await startTutti();
    [alice, bob] = await Promise.all([tutti.account('alice'), tutti.account('bob')]);
    pages = await ConversePages.serve(`ws://127.0.0.1:${tutti.address('ws').port}/xmpp-websocket`);
    desk = await Device.connect('alice.desk', tutti.address('tcp'), alice, 'desk');
    await desk.enableImNg();
    await desk.available();
    await befriend(desk, bob);
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
    [alicesPage, bobsPage] = await Promise.all([
      pages.open(browser, alice.jid, 'plugin'),
      pages.open(browser, bob.jid, 'plain'),
    ]);
    hall = new Hall(`${freshLocalpart('hall')}@conference.${tutti.domain}`);
  });

  afterAll(async () => {
    await browser?.close();
    pages?.close();
    await desk?.close();
    await tutti?.stop();
  });

  /** Somebody befriends a person who is not there yet, and it is mutual. */
  async function befriend(device: Device, peer: Account): Promise<void> {
    const other = await Device.connect('bob.setup', tutti.address('tcp'), peer, 'setup');
    await other.available();
    // Requests are shown to sessions that have asked for the roster.
    for (const one of [device, other]) await fetchRoster(one);
    for (const [asks, grants] of [
      [device, other],
      [other, device],
    ] as const) {
      asks.presence({ type: 'subscribe', to: grants.bare });
      await grants.receive(({ name, attrs }) => name === 'presence' && attrs['type'] === 'subscribe');
      grants.presence({ type: 'subscribed', to: asks.bare });
      await asks.receive(({ name, attrs }) => name === 'presence' && attrs['type'] === 'subscribed');
    }
    await other.close();
  }

  it('XEP-0045: one makes a room, the other comes in and sees what was said; what is said is shown once', async () => {
    await enter(alicesPage, hall.jid, 'Alice');
    await say(alicesPage, 'one');
    await shown(alicesPage, 'one').waitFor(SOON);
    await enter(bobsPage, hall.jid, 'Bob');
    await shown(bobsPage, 'one').waitFor(SOON);
    await say(bobsPage, 'two');
    for (const page of [alicesPage, bobsPage]) {
      await shown(page, 'two').waitFor(SOON);
      expect(await transcript(page)).toEqual(['one', 'two']);
    }
  });

  it('XEP-0402 XEP-0313: another session of the account is in the room as soon as it is there, with its history', async () => {
    tablet = await pages.open(browser, alice.jid, 'plain');
    await tablet.locator('.list-item', { hasText: 'hall' }).first().click(SOON);
    await shown(tablet, 'two').waitFor(SOON);
    expect(await transcript(tablet)).toEqual(['one', 'two']);
    await say(tablet, 'three');
    for (const page of [alicesPage, bobsPage, tablet]) {
      await shown(page, 'three').waitFor(SOON);
      expect(await transcript(page)).toEqual(['one', 'two', 'three']);
    }
    expect(await itemsOf(desk, NS.bookmarks)).toEqual([hall.jid]);
  });

  it('XEP-0313 §5.1: who comes back sees what was missed, and nothing twice', async () => {
    const url = alicesPage.url();
    await alicesPage.goto('about:blank');
    await say(bobsPage, 'four');
    await shown(bobsPage, 'four').waitFor(SOON);
    await alicesPage.goto(url);
    await shown(alicesPage, 'four').waitFor(SOON);
    await say(alicesPage, 'five');
    for (const page of [alicesPage, bobsPage, tablet]) {
      await shown(page, 'five').waitFor(SOON);
      expect(await transcript(page)).toEqual(['one', 'two', 'three', 'four', 'five']);
    }
  });

  it('XEP-0198 XEP-0313: a link breaks; what was said meanwhile is shown once, with the plugin and without', async () => {
    for (const [n, page] of [alicesPage, tablet].entries()) {
      await page.evaluate('window.breakLink()');
      await say(bobsPage, `meanwhile ${n}`);
      await shown(page, `meanwhile ${n}`).waitFor(SOON);
    }
    await say(bobsPage, 'six');
    for (const page of [alicesPage, bobsPage, tablet]) {
      await shown(page, 'six').waitFor(SOON);
      expect(await transcript(page)).toEqual([
        'one',
        'two',
        'three',
        'four',
        'five',
        'meanwhile 0',
        'meanwhile 1',
        'six',
      ]);
    }
  });

  it('D6 XEP-0045 §7.5: a private message of a room is there once on each page of the account', async () => {
    const phone = await Device.connect('bob.phone', tutti.address('tcp'), bob, 'phone');
    await phone.available();
    await hall.enter(phone, 'Bobby');
    hall.whisper(phone, 'Alice', 'psst');
    const whispers = (page: Page): Locator => page.locator('converse-muc-occupant');
    for (const page of [alicesPage, tablet]) {
      await page.locator('.occupant-list').getByText('Bobby', { exact: true }).click();
      await whispers(page).locator('converse-chat-message-body', { hasText: 'psst' }).waitFor(SOON);
    }
    await whispers(alicesPage).locator('textarea').fill('and to you');
    await alicesPage.keyboard.press('Enter');
    const heardByBob = await phone.receive((stanza) => stanza.child('body')?.text() === 'and to you');
    expect(heardByBob.attrs['from']).toBe(hall.of('Alice'));
    await desk.receive((stanza) => stanza.child('body')?.text() === 'and to you');
    // Its reflection is no second message. (Converse itself shows the other page nothing of it, though it gets the carbon.)
    hall.whisper(phone, 'Alice', 'bye');
    for (const [page, all] of [
      [alicesPage, ['psst', 'and to you', 'bye']],
      [tablet, ['psst', 'bye']],
    ] as const) {
      await whispers(page).locator('converse-chat-message-body', { hasText: 'bye' }).waitFor(SOON);
      expect(await bodies(whispers(page))).toEqual(all);
    }
    await phone.close();
  });

  it('XEP-0363: a file that one sends the others see and get', async () => {
    const picture = paint(30, 200, 30);
    await bobsPage
      .locator('converse-muc input.fileupload')
      .setInputFiles({ name: 'garden.png', mimeType: 'image/png', buffer: picture });
    const image = alicesPage.locator('converse-chat-message img[src*="garden.png"]');
    await image.waitFor(SOON);
    const response = await fetch((await image.getAttribute('src')) ?? '');
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(picture);
    // The browser has loaded it from another origin, and shows it.
    await expect
      .poll(() => image.evaluate((one) => (one as unknown as { naturalWidth: number }).naturalWidth), SOON)
      .toBe(16);
  });

  it('XEP-0054 XEP-0153 XEP-0398: a picture that one sets is what the contact sees, and is in the account’s node', async () => {
    await wantEvents(desk, NS.avatarMetadata);
    await alicesPage.locator('.show-profile').click();
    const dialog = alicesPage.locator('.modal.show');
    await dialog
      .locator('input[name=avatar_image]')
      .setInputFiles({ name: 'alice.png', mimeType: 'image/png', buffer: paint(200, 30, 30) });
    await dialog.locator('.save-form').click();
    const told = await desk.receive((stanza) => stanza.child('event', NS.pubsubEvent) !== undefined);
    const id = told.child('event', NS.pubsubEvent)?.child('items')?.child('item')?.attrs['id'];
    const answer = await desk.ask('get', pubsub(xml('items', { node: NS.avatarData }, xml('item', { id }))));
    const data = answer.child('pubsub', NS.pubsub)?.child('items')?.child('item')?.child('data', NS.avatarData)?.text();
    expect(
      createHash('sha1')
        .update(Buffer.from(data ?? '', 'base64'))
        .digest('hex'),
    ).toBe(id);
    const avatar = bobsPage.locator(`converse-roster a[data-jid="${alice.jid}"] converse-avatar image`);
    await avatar.waitFor({ state: 'attached', ...SOON });
    expect((await avatar.getAttribute('href'))?.split(',')[1]).toBe(data);
  });

  it('D1 D2 S2 XEP-0280: a chat of two people is the same with and without the plugin', async () => {
    desk.message({ to: bob.jid, type: 'chat' }, 'from the desk');
    await chatWith(bobsPage, alice.jid);
    await shown(bobsPage, 'from the desk').waitFor(SOON);
    await say(bobsPage, 'an answer');
    await chatWith(tablet, bob.jid);
    await shown(tablet, 'an answer').waitFor(SOON);
    await say(tablet, 'from the tablet');
    await chatWith(alicesPage, bob.jid);
    await shown(alicesPage, 'from the tablet').waitFor(SOON);
    await say(alicesPage, 'from the page');
    for (const page of [alicesPage, tablet, bobsPage]) {
      await shown(page, 'from the page').waitFor(SOON);
      expect(await transcript(page)).toEqual(['from the desk', 'an answer', 'from the tablet', 'from the page']);
    }
    const { rows } = await desk.archive({ fields: { with: bob.jid } });
    const archived = rows.flatMap(({ stanza }) => stanza.child('body')?.text() ?? []);
    expect(archived).toEqual(['from the desk', 'an answer', 'from the tablet', 'from the page']);
  });
});

/** By the dialog, as a person does. */
async function enter(page: Page, room: string, nick: string): Promise<void> {
  await page.locator('converse-rooms-list button.dropdown-toggle').click();
  await page.locator('.show-add-muc-modal').click();
  const dialog = page.locator('.modal.show');
  await dialog.locator('input[name=chatroom]').fill(room);
  await dialog.locator('input[name=nickname]').fill(nick);
  await dialog.locator('input[name=join]').click();
  await page.locator('converse-muc textarea.chat-textarea').waitFor(SOON);
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator('textarea.chat-textarea').fill(text);
  await page.keyboard.press('Enter');
}

function shown(page: Page, text: string): Locator {
  return page.locator('converse-chat-message-body', { hasText: text });
}

/** Who has written stands on top of the contacts, too. */
async function chatWith(page: Page, jid: string): Promise<void> {
  await page.locator(`converse-roster a.open-chat[data-jid="${jid}"]`).first().click(SOON);
}

/** All messages of what is open, in their order. */
function transcript(page: Page): Promise<string[]> {
  return bodies(page.locator('.chatbox:not(.hidden)'));
}

async function bodies(within: Locator): Promise<string[]> {
  return (await within.locator('converse-chat-message-body').allInnerTexts()).map((text) => text.trim());
}
