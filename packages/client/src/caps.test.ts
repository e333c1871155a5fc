import { NS, StanzaError, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { answerInfo, writeCaps } from './caps.ts';

it('XEP-0115 §5.1: the hash in the presence is that of the answer', async () => {
  const caps = await writeCaps();
  const node = `${caps.attrs['node']}#${caps.attrs['ver']}`;
  const info = answerInfo(xml('iq', { type: 'get' }, xml('query', { xmlns: NS.discoInfo, node })));
  expect(info.attrs['node']).toBe(node);
  const identity = info.child('identity')?.attrs;
  const vars = info.childrenNamed('feature').map(({ attrs }) => attrs['var']);
  const text = `${[`${identity?.['category']}/${identity?.['type']}//${identity?.['name']}`, ...vars.toSorted()].join('<')}<`;
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text));
  expect(Buffer.from(digest).toString('base64')).toBe(caps.attrs['ver']);
  expect(vars).toContain(`${NS.displayedSync}+notify`);
});

it('XEP-0030 §3: another node is not there', () => {
  const ask = xml('iq', { type: 'get' }, xml('query', { xmlns: NS.discoInfo, node: 'urn:else' }));
  expect(() => answerInfo(ask)).toThrow(StanzaError);
});
