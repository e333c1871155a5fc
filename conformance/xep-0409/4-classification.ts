import { NS, xml } from '@tutti/xmpp';
import { expectation as sees } from '../rows/row.ts';
import { rowTest } from '../rows/table.ts';
import { section } from '../suite.ts';

const world = { alice: 'phone=im-ng tv=im-ng', bob: 'phone=im-ng tv=im-ng old=legacy' };
const all = { 'alice.phone': 'reflection', 'alice.tv': 'reflection', 'bob.phone': 'archived', 'bob.tv': 'archived' };
const both = { alice: 1, bob: 1 };

export default section(
  'xep-0409',
  '4.1',
  'Business rules: classification',
  { stands: ['plan', 'tcp', 'ws'], needs: ['im-ng'] },
  ({ add }) => {
    for (const type of [undefined, 'normal', 'chat', 'groupchat', 'headline', 'nonsense']) {
      const old = type === 'groupchat' ? {} : { 'bob.old': 'as sent' };
      add([
        rowTest(
          `C1 §4 ¶1 ${type ?? 'no type'} to a bare JID: everyone`,
          world,
          { from: 'alice.phone', to: 'bob', type },
          sees({ ...all, ...old }, both),
        ),
        rowTest(
          `C1 §4 ¶1 ${type ?? 'no type'} to a bare JID with a marker: everyone, and the marker is stripped`,
          world,
          { from: 'alice.phone', to: 'bob', type, marker: true },
          sees({ ...all, ...old }, both),
        ),
        rowTest(
          `C3 §3.3 ${type ?? 'no type'} to a full JID with the marker: one`,
          world,
          { from: 'alice.phone', to: 'bob/old', type, marker: true },
          sees({ 'bob.old': 'as sent' }),
        ),
      ]);
    }
    for (const type of [undefined, 'normal', 'chat', 'nonsense']) {
      add([
        rowTest(
          `C5 §4 ¶4 ${type ?? 'no type'} to a full JID: everyone, as if sent to the bare JID`,
          world,
          { from: 'alice.phone', to: 'bob/tv', type },
          sees(type === 'chat' ? { ...all, 'bob.old': 'as sent' } : all, both),
        ),
        rowTest(
          `C5 §4 ¶4 ${type ?? 'no type'} to a full JID that is not there: everyone all the same`,
          world,
          { from: 'alice.phone', to: 'bob/gone', type },
          sees(type === 'chat' ? { ...all, 'bob.old': 'as sent' } : all, both),
        ),
      ]);
    }
    for (const type of ['groupchat', 'headline']) {
      add([
        rowTest(
          `C6 §4 ¶4 ${type} to a full JID: one`,
          world,
          { from: 'alice.phone', to: 'bob/tv', type },
          sees({ 'bob.tv': 'as sent' }),
        ),
      ]);
    }
    add([
      rowTest(
        'C2 §4 ¶1 error to a bare JID: dropped',
        world,
        { from: 'alice.phone', to: 'bob', type: 'error' },
        sees({}),
      ),
      rowTest(
        'C2 §4 ¶1 error to a bare JID with a marker: dropped',
        world,
        { from: 'alice.phone', to: 'bob', type: 'error', marker: true },
        sees({}),
      ),
      rowTest(
        'C2 C7 §4 ¶1 error without address: dropped',
        world,
        { from: 'alice.phone', to: '', type: 'error' },
        sees({}),
      ),
      rowTest(
        'C3 §3.3 error to a full JID with the marker: one',
        world,
        { from: 'alice.phone', to: 'bob/tv', type: 'error', marker: true },
        sees({ 'bob.tv': 'as sent' }),
      ),
      rowTest(
        'C4 §4 ¶2 error to a full JID: everyone, archived with the bare address',
        world,
        { from: 'alice.phone', to: 'bob/tv', type: 'error' },
        sees({ 'bob.phone': 'archived', 'bob.tv': 'archived' }, { bob: 1 }),
      ),
      rowTest(
        'C4 D2 §4 ¶2 error to a full JID of a legacy session: it gets the stanza itself',
        world,
        { from: 'alice.phone', to: 'bob/old', type: 'error' },
        sees({ 'bob.phone': 'archived', 'bob.tv': 'archived', 'bob.old': 'as sent' }, { bob: 1 }),
      ),
      rowTest(
        'C7 RFC 6120 §10.3.1 no address, with a marker: own bare JID, and the marker is stripped',
        world,
        { from: 'alice.phone', to: '', type: 'chat', marker: true },
        sees({ 'alice.phone': 'reflection', 'alice.tv': 'reflection' }, { alice: 1 }),
      ),
    ]);
    for (const hint of ['no-store', 'no-permanent-store', 'no-copy', 'store']) {
      add([
        rowTest(
          `C1 XEP-0334 the hint ${hint} changes no class`,
          { alice: 'phone=im-ng tv=im-ng', bob: 'phone=im-ng tv=im-ng' },
          {
            from: 'alice.phone',
            to: 'bob',
            type: 'chat',
            children: [xml('body', null, 'hint'), xml(hint, { xmlns: NS.hints })],
          },
          sees(all, both),
        ),
      ]);
    }
  },
);
