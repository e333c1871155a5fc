import { type Element, NS, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { privateStorage } from '../docs/examples/xep-0049-private-storage/index.ts';
import { features } from '../packages/server/src/features/index.ts';
import { createWorld } from '../packages/server/test/world.ts';

const drawer = (...children: Element[]) => xml('query', { xmlns: NS.privateXml }, ...children);
const prefs = (nick?: string) => xml('exodus', { xmlns: 'exodus:prefs' }, nick && xml('defaultnick', null, nick));
const conditionOf = (answer: Element) => answer.child('error')?.elements[0]?.name;
const others = features.filter(({ spec }) => spec !== privateStorage.spec);

it('XEP-0049 §2.3 what one device stores, another one finds, until it is replaced', async () => {
  const world = await createWorld({ features: [...others, privateStorage] });
  const phone = await world.connect('hamlet@localhost/phone');
  const desk = await world.connect('hamlet@localhost/desk');
  const find = async () => String((await desk.ask('get', drawer(prefs()))).child('query', NS.privateXml)?.elements[0]);

  expect(await find()).toBe(String(prefs()));
  await phone.ask('set', drawer(prefs('Hamlet')));
  expect(await find()).toBe(String(prefs('Hamlet')));
  await phone.ask('set', drawer(prefs('Macbeth')));
  expect(await find()).toBe(String(prefs('Macbeth')));
});

it('XEP-0049 §3 a request without an element, and one for somebody else', async () => {
  const world = await createWorld({ features: [...others, privateStorage] });
  const hamlet = await world.connect('hamlet@localhost/phone');
  await world.account('macbeth@localhost');
  expect(conditionOf(await hamlet.ask('get', drawer()))).toBe('bad-request');
  expect(conditionOf(await hamlet.ask('get', drawer(prefs()), 'macbeth@localhost'))).toBe('forbidden');
});
