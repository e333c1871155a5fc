import { type Element, NS, parseXml, xml } from '@tutti/xmpp';
import { describe, expect, test } from 'vitest';
import { FakeLink } from '../../test/fake-link.ts';
import { crash } from '../../test/restart.ts';
import { createWorld, type World } from '../../test/world.ts';
import type { MemoryBatch } from '../log/memory/memory-log.ts';

const ROMEO = 'romeo@montague.example';

async function stage() {
  const world = await createWorld();
  const link = new FakeLink();
  world.core.links.remote = link;
  const phone = await world.connect('juliet@localhost/phone', { imNg: true });
  const laptop = await world.connect('juliet@localhost/laptop', { imNg: true });
  const tv = await world.connect('juliet@localhost/tv', { carbons: true, priority: 0 });
  for (const device of [phone, laptop, tv]) device.take();
  link.take();
  return { world, link, phone, laptop, tv };
}

/** Something comes from another server; gives whether it is done with. */
async function hear(world: World, text: string): Promise<boolean> {
  let isDone = false;
  await world.core.router.fromOutside(parseXml(text, NS.client), () => (isDone = true));
  await world.settle();
  return isDone;
}

function chat(to: string, inner = '', attributes = ''): string {
  return `<message from='${ROMEO}/orchard' to='${to}' type='chat' ${attributes}><body>hi</body>${inner}</message>`;
}

function conditionOf(message: Element | undefined): string | undefined {
  return message?.child('error')?.elements.find(({ ns }) => ns === NS.stanzas)?.name;
}

describe('what comes from another server', () => {
  test('D1 D2 to the bare JID: archived, to all IM-NG devices, and to the old one as ever', async () => {
    const { world, phone, laptop, tv } = await stage();
    expect(await hear(world, chat('juliet@localhost'))).toBe(true);
    const [mine] = phone.takeMessages();
    expect(mine?.child('stanza-id', NS.sid)?.attrs['by']).toBe('juliet@localhost');
    expect(laptop.takeMessages().map(String)).toEqual([String(mine)]);
    expect(tv.takeMessages()).toHaveLength(1);
    expect(await world.rows('juliet@localhost')).toBe(1);
  });

  test('C5 D1 A4 a reply locked to a full JID comes to all devices, addressed to the bare JID', async () => {
    const { world, phone, laptop, tv } = await stage();
    await hear(world, chat('juliet@localhost/phone'));
    for (const device of [phone, laptop])
      expect(device.takeMessages().map(({ attrs }) => attrs['to'])).toEqual(['juliet@localhost']);
    // D2, RFC 6121 §8.5.3.2.1: as though the phone was not there.
    expect(tv.takeMessages().map(({ attrs }) => attrs['to'])).toEqual(['juliet@localhost/phone']);
    expect(await world.rows('juliet@localhost')).toBe(1);
  });

  test('C3 D3 a marked message reaches its resource alone; one that is gone answers with the marker', async () => {
    const { world, link, phone, laptop } = await stage();
    await hear(world, chat('juliet@localhost/phone', `<im-ng xmlns='${NS.imNg}'/>`));
    expect(phone.takeMessages()).toHaveLength(1);
    expect(laptop.takeMessages()).toEqual([]);
    await hear(world, chat('juliet@localhost/gone', `<im-ng xmlns='${NS.imNg}'/>`, `id='m'`));
    const [error] = link.take();
    expect(conditionOf(error)).toBe('service-unavailable');
    expect(error?.attrs).toMatchObject({ id: 'm', to: `${ROMEO}/orchard`, from: 'juliet@localhost/gone' });
    expect(error?.child('im-ng', NS.imNg)).toBeDefined();
    expect(await world.rows('juliet@localhost')).toBe(0);
  });

  test('D4 an unknown account, and a sender who is blocked: service-unavailable, no row', async () => {
    const { world, link, phone } = await stage();
    await hear(world, chat('nobody@localhost'));
    expect(link.take().map(conditionOf)).toEqual(['service-unavailable']);
    await phone.ask('set', xml('block', { xmlns: NS.blocking }, xml('item', { jid: 'montague.example' })));
    phone.take();
    await hear(world, chat('juliet@localhost'));
    expect(
      link
        .take()
        .filter(({ name }) => name === 'message')
        .map(conditionOf),
    ).toEqual(['service-unavailable']);
    expect(phone.takeMessages()).toEqual([]);
    expect(await world.rows('juliet@localhost')).toBe(0);
  });

  test('D5 nobody online: archived, no error', async () => {
    const world = await createWorld();
    const link = new FakeLink();
    world.core.links.remote = link;
    await world.account('juliet@localhost');
    expect(await hear(world, chat('juliet@localhost'))).toBe(true);
    expect(await world.rows('juliet@localhost')).toBe(1);
    expect(link.take()).toEqual([]);
  });

  test('D6 the copies of a foreign room’s private message are one message', async () => {
    const { world, phone, laptop } = await stage();
    for (const resource of ['phone', 'laptop']) {
      const text = `<message from='room@muc.montague.example/romeo' to='juliet@localhost/${resource}' type='chat' id='pm'><body>hi</body><x xmlns='${NS.mucUser}'/></message>`;
      await hear(world, text);
    }
    expect(phone.takeMessages()).toHaveLength(1);
    expect(laptop.takeMessages()).toHaveLength(1);
    expect(await world.rows('juliet@localhost')).toBe(1);
  });

  test('C4 S7 an error comes to all devices, archived', async () => {
    const { world, phone, laptop } = await stage();
    const error = `<message from='${ROMEO}' to='juliet@localhost/phone' type='error' id='m'><error type='cancel'><gone xmlns='${NS.stanzas}'/></error></message>`;
    await hear(world, error);
    for (const device of [phone, laptop]) expect(device.takeMessages().map(conditionOf)).toEqual(['gone']);
    expect(await world.rows('juliet@localhost')).toBe(1);
  });

  test('A3 it is done with, and may be acknowledged, after the commit: not before, and not when that fails', async () => {
    const commits: { batch: MemoryBatch; done: (error?: unknown) => void }[] = [];
    const disk = {
      commit: (batch: MemoryBatch, done: (error?: unknown) => void) => {
        if (batch.rows === 0) done();
        else commits.push({ batch, done });
      },
    };
    const world = await createWorld({ disk });
    const link = new FakeLink();
    world.core.links.remote = link;
    await world.account('juliet@localhost');
    let done = 0;
    void world.core.router.fromOutside(parseXml(chat('juliet@localhost'), NS.client), () => (done += 1));
    await world.settle();
    expect(done).toBe(0);
    commits.shift()?.done();
    await world.settle();
    expect(done).toBe(1);
    void world.core.router.fromOutside(parseXml(chat('juliet@localhost'), NS.client), () => (done += 1));
    await world.settle();
    commits.shift()?.done(new Error('full'));
    await world.settle();
    expect(link.take().map(conditionOf)).toEqual(['internal-server-error']);
    expect(done).toBe(2); // the sender knows
  });

  test('A3 a crash before the commit: not acknowledged, so it comes again, and is one message', async () => {
    const { world } = await stage();
    let isDone = false;
    void world.core.router.fromOutside(parseXml(chat('juliet@localhost'), NS.client), () => (isDone = true));
    const again = await crash(world);
    expect(isDone).toBe(false);
    expect(await again.rows('juliet@localhost')).toBe(0);
    expect(await hear(again, chat('juliet@localhost'))).toBe(true);
    expect(await again.rows('juliet@localhost')).toBe(1);
  });

  test('RFC 6120 §10.1 what has no row does not overtake a message before it', async () => {
    const { world, phone } = await stage();
    const marked = chat('juliet@localhost/phone', `<im-ng xmlns='${NS.imNg}'/>`, `id='2'`);
    const iq = `<iq type='get' id='3' from='${ROMEO}/orchard' to='juliet@localhost/phone'><ping xmlns='${NS.ping}'/></iq>`;
    for (const text of [chat('juliet@localhost', '', `id='1'`), marked, iq])
      void world.core.router.fromOutside(parseXml(text, NS.client), () => undefined);
    await world.settle();
    expect(phone.take().map(({ attrs }) => attrs['id'])).toEqual(['1', '2', '3']);
  });

  test('an IQ for a device and its answer go both ways; one for an account is answered', async () => {
    const { world, link, phone } = await stage();
    await hear(
      world,
      `<iq type='get' id='q' from='${ROMEO}/orchard' to='juliet@localhost/phone'><ping xmlns='${NS.ping}'/></iq>`,
    );
    expect(phone.take().map(({ name }) => name)).toEqual(['iq']);
    phone.send(xml('iq', { type: 'result', id: 'q', to: `${ROMEO}/orchard` }));
    await world.settle();
    expect(link.take().map(({ attrs }) => attrs['type'])).toEqual(['result']);
    await hear(
      world,
      `<iq type='get' id='q' from='${ROMEO}/orchard' to='localhost'><query xmlns='${NS.discoInfo}'/></iq>`,
    );
    expect(link.take().map(({ attrs }) => [attrs['type'], attrs['from']])).toEqual([['result', 'localhost']]);
  });
});

describe('what would pass for our own word', () => {
  test.each([
    ['an account of this server', `<message from='bob@localhost' to='juliet@localhost'/>`, 'invalid-from'],
    ['the account itself', `<message from='juliet@localhost' to='juliet@localhost'/>`, 'invalid-from'],
    ['this server', `<iq from='localhost' to='juliet@localhost' type='set' id='x'><x xmlns='y'/></iq>`, 'invalid-from'],
    ['nobody', `<message to='juliet@localhost'/>`, 'improper-addressing'],
    ['nobody that could be', `<message from='@' to='juliet@localhost'/>`, 'improper-addressing'],
    ['for nobody', `<message from='${ROMEO}'/>`, 'improper-addressing'],
    ['for another server', `<message from='${ROMEO}' to='x@third.example'/>`, 'host-unknown'],
    ['no stanza', `<starttls from='${ROMEO}' to='juliet@localhost'/>`, 'unsupported-stanza-type'],
  ])('from %s: the stream ends', async (_, text, condition) => {
    const { world, phone } = await stage();
    expect(() => world.core.router.fromOutside(parseXml(text, NS.client), () => undefined)).toThrow(
      expect.objectContaining({ condition }),
    );
    await world.settle();
    expect(phone.take()).toEqual([]);
  });

  test('from a service of this server: the stream ends', async () => {
    const { world } = await stage();
    world.core.registry.addService('rooms.localhost', () => undefined);
    const text = `<message from='room@rooms.localhost/x' to='juliet@localhost'/>`;
    expect(() => world.core.router.fromOutside(parseXml(text, NS.client), () => undefined)).toThrow(
      expect.objectContaining({ condition: 'invalid-from' }),
    );
  });

  test('XEP-0359 §5 ids by our accounts and our domain are stripped, in whatever spelling; those of others stay', async () => {
    const { world, phone } = await stage();
    const ids = ['juliet@localhost', 'JULIET@localhost', 'localhost', 'bob@localhost', 'montague.example'];
    await hear(
      world,
      chat('juliet@localhost', ids.map((by) => `<stanza-id xmlns='${NS.sid}' by='${by}' id='forged'/>`).join('')),
    );
    const [message] = phone.takeMessages();
    const found = message
      ?.childrenNamed('stanza-id', NS.sid)
      .map(({ attrs }) => [attrs['by'], attrs['id'] === 'forged']);
    expect(found).toEqual([
      ['montague.example', true],
      ['juliet@localhost', false],
    ]);
  });

  test.each(['received', 'sent'])(
    'XEP-0280 §11 a carbon <%s/> from outside is refused, and seen by nobody',
    async (kind) => {
      const { world, link, phone, tv } = await stage();
      const inner = `<${kind} xmlns='${NS.carbons}'><forwarded xmlns='${NS.forward}'><message xmlns='${NS.client}' from='bob@localhost' to='juliet@localhost'><body>send me money</body></message></forwarded></${kind}>`;
      for (const to of ['juliet@localhost', 'juliet@localhost/tv']) {
        expect(await hear(world, chat(to, inner))).toBe(true);
        expect(link.take().map(conditionOf)).toEqual(['policy-violation']);
      }
      expect([...phone.takeMessages(), ...tv.takeMessages()]).toEqual([]);
      expect(await world.rows('juliet@localhost')).toBe(0);
    },
  );

  test('XEP-0313 §9 a result is taken from an archive that the session has asked, for five minutes after the last', async () => {
    const { world, link, phone, laptop, tv } = await stage();
    const room = 'room@muc.montague.example';
    const result = `<message from='${room}' to='juliet@localhost/tv'><result xmlns='${NS.mam}' queryid='q' id='1'><forwarded xmlns='${NS.forward}'/></result></message>`;
    await hear(world, result);
    expect(tv.takeMessages()).toEqual([]);
    expect(link.take().map(conditionOf)).toEqual(['policy-violation']);
    tv.send(xml('iq', { type: 'set', id: 'q', to: room }, xml('query', { xmlns: NS.mam, queryid: 'q' })));
    await world.settle();
    for (let n = 0; n < 3; n += 1) {
      world.clock.advance(4 * 60_000);
      await hear(world, result);
      expect(tv.takeMessages()).toHaveLength(1);
    }
    // D7: it is an answer to that session, and no message for the account.
    expect([...phone.takeMessages(), ...laptop.takeMessages()]).toEqual([]);
    expect(await world.rows('juliet@localhost')).toBe(0);
    await hear(world, result.replace(room, 'other@muc.montague.example'));
    expect(tv.takeMessages()).toEqual([]);
    world.clock.advance(5 * 60_000);
    await hear(world, result);
    expect(tv.takeMessages()).toEqual([]);
  });

  test('RFC 6120 §8.3.1 a refused error is not answered', async () => {
    const { world, link } = await stage();
    await hear(
      world,
      `<message from='${ROMEO}' to='juliet@localhost' type='error'><sent xmlns='${NS.carbons}'/></message>`,
    );
    expect(link.take()).toEqual([]);
  });
});
