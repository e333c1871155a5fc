/** Takes the pictures in docs/screenshots: `node --conditions=source packages/web/test/screenshots.ts`. */
import { fileURLToPath } from 'node:url';
import type { Client } from '@tutti/client';
import { NS, xml } from '@tutti/xmpp';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { until } from './reading.ts';
import { type Device, messageWith, open, World } from './world.ts';

const folder = fileURLToPath(new URL('../../../docs/screenshots/', import.meta.url));
const PHONE = { viewport: { width: 390, height: 760 }, hasTouch: true, isMobile: true };
const DESKTOP = { viewport: { width: 1120, height: 720 } };

/** A family: what is said to Nora, by whom, and by her. */
const TALKS: readonly (readonly [name: string, called: string, ...texts: string[]])[] = [
  [
    'granny',
    'Granny',
    '< The cherries are ripe. Come and pick some before the birds do!',
    '> On Sunday, with the children 🍒',
  ],
  ['paul', 'Paul', '< Who takes the dog to the vet on Friday?', '> I can, at four.', '< You are a treasure.'],
  [
    'mila',
    'Mila',
    '< Mum, may I stay at Emma’s until eight?',
    '> Yes. Is her father driving you home?',
    '< He is, and he says hello',
    '> Then have fun, and take the blue jacket along.',
    '< 🙄',
    '> It is going to rain, see https://weather.example/today',
    '< OK. The blue one. Promised!',
    '> 💙',
  ],
];

const world = await World.start();
const bots: Client[] = [];
const nora = await befriend('nora');
for (const [name, called, ...texts] of TALKS) {
  const other = await befriend(name);
  await nora.people.add(other.account, { name: called });
  await other.people.add(nora.account, { name: 'Nora' });
  await Promise.all([nora.people.accept(other.account), other.people.accept(nora.account)]);
  for (const text of texts) {
    const [from, to] = text.startsWith('>') ? [nora, other.account] : [other, nora.account];
    await from.conversation(to).send(text.slice(2));
  }
  const talk = other.conversation(nora.account);
  await until(
    () => talk.messages.length === texts.length,
    () => talk.messages,
  );
  await talk.markDisplayed();
}
await nora.request(xml('iq', { type: 'set' }, xml('name', { xmlns: NS.tuttiDevices }, 'Nora’s tablet')));
const mila = bots.find(({ account }) => account.startsWith('mila'));
const [, question, answer] = mila?.conversation(nora.account).messages ?? [];
if (question !== undefined) await mila?.conversation(nora.account).react(question, '👍');
if (answer !== undefined) await nora.conversation('mila@localhost').react(answer, '❤️');

await picture('settings-desktop', DESKTOP, async ({ page }) => {
  await goTo(page, 'settings');
  await page.locator('[data-device]').first().waitFor();
});
await picture('conversation-desktop', DESKTOP, async ({ page }) => {
  await open(page, 'mila');
  await messageWith(page, '💙').waitFor();
  await mila?.conversation(nora.account).setChatState('composing');
  await page.getByRole('main').getByText('is writing…').waitFor();
  await page.mouse.move(5, 5);
});
await picture('conversation-dark', { ...DESKTOP, colorScheme: 'dark' }, async ({ page }) => {
  await open(page, 'mila');
  await messageWith(page, 'Then have fun').hover();
  await messageWith(page, 'Then have fun').getByRole('button', { name: 'What to do with this message' }).click();
});
await picture('conversation-phone', PHONE, async ({ page }) => {
  await open(page, 'mila');
  await messageWith(page, '💙').waitFor();
});
await nora.conversation('granny@localhost').markDisplayed();
await bots
  .find(({ account }) => account.startsWith('paul'))
  ?.conversation(nora.account)
  .send('Shall I buy bread?');
await picture('list-phone', PHONE, ({ page }) => page.locator('a.row .badge').first().waitFor());
await picture('offline-phone-german', { ...PHONE, locale: 'de-DE', colorScheme: 'dark' }, async ({ page, network }) => {
  await open(page, 'paul');
  network.cut();
  await page.getByText('Keine Verbindung').waitFor();
  await page.getByRole('textbox').fill('Ja, bitte. Und Butter');
  await page.getByRole('button', { name: 'Senden', exact: true }).click();
  await messageWith(page, 'Butter').waitFor();
});
const neighbour = await befriend('tom');
await neighbour.conversation(nora.account).send('Hello Nora, this is Tom from next door. I found your cat!');
await neighbour.conversation(nora.account).send('She is asleep on our sofa 🐈');
await picture('stranger-phone', PHONE, async ({ page }) => {
  await open(page, 'tom');
  await page.getByRole('region', { name: /is not in your contacts/ }).waitFor();
  await messageWith(page, 'sofa').waitFor();
});
const newcomer = await world.device(PHONE);
await newcomer.page.goto(`${newcomer.url}#nora@localhost?roster;preauth=abcdefgh;ibr=y;name=Nora`);
await newcomer.page.getByLabel('Name').waitFor();
await newcomer.page.screenshot({ path: `${folder}invitation-phone.png` });
await world.stop();

async function befriend(name: string): Promise<Client> {
  await world.accountNamed(name);
  const bot = await world.bot(name);
  bots.push(bot);
  return bot;
}

async function goTo(page: Page, place: string): Promise<void> {
  await page.evaluate((to) => void (location.hash = to), `#/${place}`);
}

/** A picture of Nora's browser. */
async function picture(
  name: string,
  options: BrowserContextOptions,
  prepare: (device: Device) => Promise<unknown>,
): Promise<void> {
  const device = await world.loggedIn('nora', options);
  await prepare(device);
  // Fonts and pictures may still come.
  await device.page.waitForTimeout(300);
  await device.page.screenshot({ path: `${folder}${name}.png` });
  await device.context.close();
}
