import { JID, NS, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { systemDigest } from '../system.ts';
import { RoomCopies } from './room-copies.ts';

const nurse = JID.parse('balcony@rooms.example/nurse');
const phone = JID.parse('alice@localhost/phone');
const desk = JID.parse('alice@localhost/desk');
const message = (body: string, id?: string) =>
  xml('message', { from: nurse.toString(), id }, xml('body', null, body), xml('x', { xmlns: NS.mucUser }));

it('D6 the same message to another resource is a copy', () => {
  const copies = new RoomCopies(new FakeClock(), systemDigest);
  const first = copies.remember(message('one', 'a'), nurse, phone);
  expect(copies.find(message('one', 'a').with({ to: desk.toString() }), nurse, desk)).toBe(first);
  expect(copies.find(message('one', 'a'), nurse, phone)).toBeUndefined(); // the same resource
  expect(copies.find(message('one', 'b'), nurse, desk)).toBeUndefined();
  expect(copies.find(message('one'), nurse, desk)).toBeUndefined();
  const nameless = copies.remember(message('two'), nurse, phone);
  expect(copies.find(message('two').with({ to: desk.toString() }), nurse, desk)).toBe(nameless);
  expect(copies.find(message('three'), nurse, desk)).toBeUndefined();
  // What a payload is written like is no id.
  expect(copies.find(message('x', String(message('two'))), nurse, desk)).toBeUndefined();
});
