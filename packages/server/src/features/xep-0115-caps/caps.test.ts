import { createHash } from 'node:crypto';
import { type Element, NS, parseXml, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { announceCaps, capsElement, clientInfo } from '../../../test/caps.ts';
import { eventsIn, publish } from '../../../test/pubsub.ts';
import { createWorld } from '../../../test/world.ts';
import { verificationString } from './verification.ts';

const hash = (info: Element): string =>
  createHash('sha1')
    .update(verificationString(info) ?? '')
    .digest('base64');

describe('XEP-0115 §5', () => {
  it('§5.2 the simple example', () => {
    const info = parseXml(`<query xmlns='http://jabber.org/protocol/disco#info'>
      <identity category='client' type='pc' name='Exodus 0.9.1'/>
      <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>
      <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/></query>`);
    expect(hash(info)).toBe('QgayPKawpkPSDYmwT/WM94uAlu0=');
  });

  it('§5.3 the complex example, with a form and languages', () => {
    const info = parseXml(`<query xmlns='http://jabber.org/protocol/disco#info'>
      <identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>
      <identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>
      <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>
      <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>
      <x xmlns='jabber:x:data' type='result'>
        <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>
        <field var='ip_version' type='text-multi'><value>ipv4</value><value>ipv6</value></field>
        <field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>
        <field var='software'><value>Psi</value></field><field var='software_version'><value>0.11</value></field>
      </x></query>`);
    expect(hash(info)).toBe('q07IKJEyjvHSyhy//CH0CxmKi8w=');
  });

  it('§5.4 what is there twice is ill-formed', () => {
    expect(verificationString(clientInfo(['a', 'a']))).toBeUndefined();
    const twice = xml('identity', { category: 'client', type: 'pc', name: 'test' });
    expect(verificationString(clientInfo(['a']).append(twice))).toBeUndefined();
    const form = xml(
      'x',
      { xmlns: NS.dataForms, type: 'result' },
      xml('field', { var: 'FORM_TYPE', type: 'hidden' }, xml('value', null, 'a')),
    );
    expect(verificationString(clientInfo(['a']).append(form))).toContain('a<');
    expect(verificationString(clientInfo(['a']).append(form, form))).toBeUndefined();
  });
});

describe('XEP-0115 what clients can do', () => {
  const payload = xml('x', { xmlns: 'n' });

  it('§8.1 what does not fit the hash is not believed', async () => {
    const world = await createWorld();
    const phone = await world.connect('alice@localhost/phone');
    const { received } = phone.connection;
    phone.send(xml('presence', null, capsElement(['n+notify'])));
    await world.settle();
    const asked = received.find((iq) => iq.child('query', NS.discoInfo) !== undefined);
    const info = clientInfo(['n+notify', 'm+notify'], asked?.child('query', NS.discoInfo)?.attrs['node']);
    phone.send(xml('iq', { type: 'result', id: asked?.attrs['id'] }, info));
    await world.settle();
    phone.take();
    for (const node of ['n', 'm']) await phone.ask('set', publish(node, payload));
    await world.settle();
    expect(eventsIn(phone.take())).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  it('one client of a kind is asked, and what was not used for longest is forgotten', async () => {
    const world = await createWorld({ settings: ['pep.caps=2'] });
    const asks = async (name: string, feature: string): Promise<boolean> => {
      const device = await world.connect(`${name}@localhost/phone`);
      device.send(xml('presence', null, capsElement([feature])));
      await world.settle();
      const isAsked = device.take().some((iq) => iq.child('query', NS.discoInfo) !== undefined);
      device.close();
      await world.settle();
      if (isAsked) await announceCaps(world, await world.connect(`${name}@localhost/phone`), [feature]);
      return isAsked;
    };
    expect(await asks('a', 'one')).toBe(true);
    expect(await asks('b', 'one')).toBe(false);
    expect(await asks('c', 'two')).toBe(true);
    expect(await asks('d', 'one')).toBe(false); // used again
    expect(await asks('e', 'three')).toBe(true); // two gives way
    expect(await asks('f', 'one')).toBe(false);
    expect(await asks('g', 'two')).toBe(true);
  });

  it('an answer that is too long is none', async () => {
    const size = clientInfo(['n+notify'], `https://client.example#${capsElement(['n+notify']).attrs['ver']}`).toBytes();
    for (const [limit, events] of [
      [size.length, ['n x']],
      [size.length - 1, []],
    ] as const) {
      const world = await createWorld({ settings: [`pep.caps_bytes=${limit}`] });
      const phone = await world.connect('alice@localhost/phone');
      await announceCaps(world, phone, ['n+notify']);
      await phone.ask('set', publish('n', payload, { id: 'x' }));
      await world.settle();
      expect(eventsIn(phone.take())).toEqual(events);
    }
  });

  it('who says nothing of what it can do is not asked', async () => {
    const world = await createWorld();
    const phone = await world.connect('alice@localhost/phone');
    for (const c of [
      undefined,
      xml('c', { xmlns: NS.caps, node: 'x', ver: '0.9' }),
      xml('c', { xmlns: NS.caps, node: 'x', ver: 'y', hash: 'md5' }),
    ]) {
      phone.send(xml('presence', null, c));
      phone.send(xml('presence', { type: 'unavailable' }));
    }
    await world.settle();
    expect(phone.take().filter(({ name }) => name === 'iq')).toEqual([]);
  });
});
