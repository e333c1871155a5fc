import { AxeBuilder } from '@axe-core/playwright';
import type { Client } from '@tutti/client';
import { NS, writeForm, xml } from '@tutti/xmpp';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../../../conformance/peers.ts';
import { type Device, messageWith, open, World } from './world.ts';

async function findBarriers(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}

describe.runIf(requirePeer('chromium', 'the chat page: strangers and rooms'))(
  'the chat page, when somebody writes whom the user does not know, or who has rooms',
  { timeout: 120_000 },
  () => {
    let world: World;
    let hers: Device;
    let alice: string;
    let bob: Client;
    let carl: Client;

    beforeAll(async () => {
      world = await World.start();
      alice = await world.account('alice');
      [bob, carl] = [await world.bot(await world.account('bob')), await world.bot(await world.account('carl'))];
      hers = await world.loggedIn(alice);
    });
    afterAll(() => world.stop());

    const nameOf = ({ account }: Client): string => account.split('@')[0] ?? '';

    it('says that a stranger is none of the contacts, and offers what can be done', async () => {
      await carl.conversation(`${alice}@localhost`).send('Is this you?');
      await open(hers.page, nameOf(carl));
      const bar = hers.page.getByRole('region', { name: `${nameOf(carl)} is not in your contacts.` });
      await bar.waitFor();
      expect(await findBarriers(hers.page)).toEqual([]);
      await bar.getByRole('button', { name: 'Add to contacts' }).click();
      await bar.waitFor({ state: 'detached' });
      await carl.people.accept(`${alice}@localhost`);
      await hers.page.getByRole('main').getByText('online').waitFor();
    });

    it('a stranger is blocked with two clicks', async () => {
      const eve = await world.bot(await world.account('eve'));
      await eve.conversation(`${alice}@localhost`).send('You have won!');
      await open(hers.page, nameOf(eve));
      const bar = hers.page.getByRole('region', { name: /is not in your contacts/ });
      await bar.getByRole('button', { name: 'Block' }).click();
      await hers.page.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
      await hers.page.getByText(`You have blocked ${nameOf(eve)}.`).waitFor();
      await bar.waitFor({ state: 'detached' });
    });

    it('who asks to be a contact is answered in the conversation, too', async () => {
      await bob.people.add(`${alice}@localhost`);
      await bob.conversation(`${alice}@localhost`).send('I have asked you');
      await open(hers.page, nameOf(bob));
      await hers.page.getByRole('main').getByRole('button', { name: 'Accept' }).click();
      await hers.page.getByRole('button', { name: 'Accept' }).waitFor({ state: 'detached' });
    });

    it('XEP-0249: an invitation to a room says what it is, and leads to apps that have rooms', async () => {
      const invitation = xml('x', { xmlns: NS.mucDirectInvite, jid: 'family@conference.localhost', reason: 'Sunday' });
      await bob.sendPresence(xml('message', { to: `${alice}@localhost` }, invitation));
      await open(hers.page, nameOf(bob));
      const shown = messageWith(hers.page, `${nameOf(bob)} invites you to the room family@conference.localhost.`);
      await shown.getByText('“Sunday”').waitFor();
      const link = shown.getByRole('link', { name: 'Open it in another app' });
      expect(await link.getAttribute('href')).toBe('xmpp:family@conference.localhost?join');
      expect(await findBarriers(hers.page)).toEqual([]);
    });

    it('XEP-0045 §7.8.2: so does one by way of the room; nothing can be written there, and it is read when it was seen', async () => {
      const room = `family-${nameOf(bob)}@conference.localhost`;
      await bob.sendPresence(xml('presence', { to: `${room}/Bob` }, xml('x', { xmlns: NS.muc })));
      const form = xml('query', { xmlns: NS.mucOwner }, writeForm('submit', NS.mucRoomConfig, []));
      await bob.request(xml('iq', { type: 'set', to: room }, form));
      const invite = xml('invite', { to: `${alice}@localhost` }, xml('reason', null, 'Monday'));
      await bob.sendPresence(xml('message', { to: room }, xml('x', { xmlns: NS.mucUser }, invite)));
      const row = hers.page.locator(`[data-peer="${room}"]`);
      await row.locator('.badge').waitFor();
      await row.click();
      await messageWith(hers.page, `${bob.account} invites you to the room ${room}.`).waitFor();
      await hers.page.getByText('This page has no rooms.').waitFor();
      expect(await hers.page.getByRole('main').getByRole('textbox').count()).toBe(0);
      await row.locator('.badge').waitFor({ state: 'detached' });
      expect(await findBarriers(hers.page)).toEqual([]);
    });

    it("C1: a message of type groupchat to a person is that person's", async () => {
      for (const body of ['to all', 'to all of you']) {
        // Without ids: what has no name is told apart all the same.
        await bob.sendPresence(
          xml('message', { to: `${alice}@localhost`, type: 'groupchat' }, xml('body', null, body)),
        );
      }
      await open(hers.page, nameOf(bob));
      await messageWith(hers.page, 'to all of you').waitFor();
      expect(await messageWith(hers.page, 'to all').count()).toBe(2);
    });

    it('the page complained of nothing', () => {
      expect(world.complaints).toEqual([]);
    });
  },
);
