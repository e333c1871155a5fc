import { NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { createWorld } from '../../../test/world.ts';
import { contactAddresses } from './index.ts';

describe('XEP-0157 §3 contact addresses', () => {
  it('stand in a form of the disco information, by kind', async () => {
    const settings = [
      'contact.security=["xmpp:security@example.org"]',
      'contact.admin=["mailto:admin@example.org", "xmpp:admin@example.org"]',
    ];
    const world = await createWorld({ settings });
    const [form] = world.core.registry.discoForms('localhost');
    expect(form?.is('x', NS.dataForms)).toBe(true);
    expect(form?.attrs['type']).toBe('result');
    const fields = form?.elements.map((field) => [field.attrs['var'], ...field.elements.map((value) => value.text())]);
    expect(fields).toEqual([
      ['FORM_TYPE', NS.serverInfoForm],
      ['admin-addresses', 'mailto:admin@example.org', 'xmpp:admin@example.org'],
      ['security-addresses', 'xmpp:security@example.org'],
    ]);
  });

  it('without any there is no form', async () => {
    const world = await createWorld({ features: [contactAddresses] });
    expect(world.core.registry.discoForms('localhost')).toEqual([]);
  });

  it('are told to those who ask the domain what it is', async () => {
    const world = await createWorld({ settings: ['contact.abuse=["mailto:abuse@example.org"]'] });
    const alice = await world.connect('alice@localhost/phone');
    const answer = await alice.ask('get', xml('query', { xmlns: NS.discoInfo }), 'localhost');
    const form = answer.child('query', NS.discoInfo)?.child('x', NS.dataForms);
    expect(form?.elements.map(({ attrs }) => attrs['var'])).toEqual(['FORM_TYPE', 'abuse-addresses']);
  });
});
