import { NS, readForm, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { createWorld } from '../../../test/world.ts';

async function readOutage(settings: readonly string[]) {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone');
  const info = (await alice.ask('get', xml('query', { xmlns: NS.discoInfo }), 'localhost')).child(
    'query',
    NS.discoInfo,
  );
  const forms = info?.childrenNamed('x', NS.dataForms).map(readForm) ?? [];
  return forms.find(({ formType }) => formType === 'urn:xmpp:sos:0');
}

it('XEP-0455 §3 the addresses of the status stand in disco#info of the domain', async () => {
  const form = await readOutage(['outage.addresses=["https://a.example/x.json", "https://b.example/x.json"]']);
  expect(form?.type).toBe('result');
  expect([...(form?.fields ?? [])]).toEqual([
    ['external-status-addresses', ['https://a.example/x.json', 'https://b.example/x.json']],
  ]);
});

it('XEP-0455 §3 no form where there are none', async () => {
  expect(await readOutage([])).toBeUndefined();
});
