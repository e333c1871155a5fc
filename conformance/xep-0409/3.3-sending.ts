import { expectation as sees } from '../rows/row.ts';
import { rowTest } from '../rows/table.ts';
import { section } from '../suite.ts';

const three = 'phone=im-ng tv=im-ng laptop=legacy,carbons';

/** Who sends what to whom, and what everybody sees: one row per sentence of the rules. */
export default section(
  'xep-0409',
  '3.3',
  'Sending messages',
  { stands: ['plan', 'tcp', 'ws', 'bosh'], needs: ['im-ng'] },
  ({ add }) => {
    add([
      rowTest(
        'S1 D1 §3.3 a message to a bare JID reaches all of the contact and is reflected to all of the sender',
        { alice: 'phone=im-ng tv=im-ng', bob: 'phone=im-ng tv=im-ng' },
        { from: 'alice.phone', to: 'bob', type: 'chat' },
        sees(
          { 'alice.phone': 'reflection', 'alice.tv': 'reflection', 'bob.phone': 'archived', 'bob.tv': 'archived' },
          { alice: 1, bob: 1 },
        ),
      ),
      rowTest(
        'S1 §3.3 type normal is reflected, too',
        { alice: 'phone=im-ng tv=im-ng', bob: '' },
        { from: 'alice.phone', to: 'bob' },
        sees({ 'alice.phone': 'reflection', 'alice.tv': 'reflection' }, { alice: 1, bob: 1 }),
      ),
      rowTest(
        'S1 §3.3 type headline is reflected, too',
        { alice: 'phone=im-ng tv=im-ng', bob: 'phone=im-ng' },
        { from: 'alice.phone', to: 'bob', type: 'headline' },
        sees({ 'alice.phone': 'reflection', 'alice.tv': 'reflection', 'bob.phone': 'archived' }, { alice: 1, bob: 1 }),
      ),
      rowTest(
        'S1 S7 §3.3 a message to another server is reflected; that it failed reaches all of the sender',
        { alice: 'phone=im-ng tv=im-ng' },
        { from: 'alice.phone', to: 'remote', type: 'chat' },
        sees({ 'alice.phone': 'reflection, bounce', 'alice.tv': 'reflection, bounce' }, { alice: 2 }, 'any'),
      ),
      rowTest(
        'S2 XEP-0280 §8 a legacy session sends: siblings with IM-NG get the reflection, with Carbons <sent/>, the sender nothing',
        { alice: `old=legacy,carbons ${three}`, bob: 'phone=im-ng' },
        { from: 'alice.old', to: 'bob', type: 'chat' },
        sees(
          { 'alice.phone': 'reflection', 'alice.tv': 'reflection', 'alice.laptop': 'sent', 'bob.phone': 'archived' },
          { alice: 1, bob: 1 },
        ),
      ),
      rowTest(
        'S3 §4 ¶8 the reflection keeps a full JID that the message was sent to',
        { alice: 'phone=im-ng tv=im-ng', bob: 'phone=im-ng tv=im-ng' },
        { from: 'alice.phone', to: 'bob/tv', type: 'chat' },
        sees(
          { 'alice.phone': 'reflection', 'alice.tv': 'reflection', 'bob.phone': 'archived', 'bob.tv': 'archived' },
          { alice: 1, bob: 1 },
        ),
      ),
      rowTest(
        'S4 §4 groupchat to an account is reflected and archived',
        { alice: 'phone=im-ng', bob: 'phone=im-ng old=legacy' },
        { from: 'alice.phone', to: 'bob', type: 'groupchat' },
        sees({ 'alice.phone': 'reflection', 'bob.phone': 'archived' }, { alice: 1, bob: 1 }),
      ),
      rowTest(
        'S4 §4 groupchat to another server is forwarded only; what comes back is an error for all',
        { alice: 'phone=im-ng tv=im-ng' },
        { from: 'alice.phone', to: 'remote', type: 'groupchat' },
        sees({ 'alice.phone': 'bounce', 'alice.tv': 'bounce' }, { alice: 1 }, 'any'),
      ),
      rowTest(
        'D3 S5 I5 §3.3 marked message reaches only its resource',
        { alice: three, bob: three },
        { from: 'alice.phone', to: 'bob/tv', type: 'chat', marker: true },
        sees({ 'bob.tv': 'as sent' }),
      ),
      rowTest(
        'S5 D3 §3.3 marked message reaches a legacy resource, too',
        { alice: three, bob: three },
        { from: 'alice.laptop', to: 'bob/laptop', type: 'chat', marker: true },
        sees({ 'bob.laptop': 'as sent' }),
      ),
      rowTest(
        'S5 §4 ¶3 an error to a full JID is not reflected',
        { alice: three, bob: 'phone=im-ng tv=im-ng' },
        { from: 'alice.phone', to: 'bob/tv', type: 'error' },
        sees({ 'bob.phone': 'archived', 'bob.tv': 'archived' }, { bob: 1 }),
      ),
      rowTest(
        'D3 S7 §3.3 marked message to a resource that is not there: the error has the marker and reaches only the sending session',
        { alice: three, bob: three },
        { from: 'alice.phone', to: 'bob/gone', type: 'chat', marker: true },
        sees({ 'alice.phone': 'error' }, {}, 'service-unavailable'),
      ),
      rowTest(
        'D3 §3.3 marked error to a resource that is not there is dropped',
        { alice: three, bob: three },
        { from: 'alice.phone', to: 'bob/gone', type: 'error', marker: true },
        sees({}),
      ),
      rowTest(
        'D3 RFC 6121 §8.5.3 groupchat to a resource that is not there: an error, which reaches all of the sender',
        { alice: 'phone=im-ng tv=im-ng', bob: 'phone=im-ng' },
        { from: 'alice.phone', to: 'bob/gone', type: 'groupchat' },
        sees({ 'alice.phone': 'bounce', 'alice.tv': 'bounce' }, { alice: 1 }, 'service-unavailable'),
      ),
      rowTest(
        'D3 RFC 6121 §8.5.3 headline to a resource that is not there is dropped',
        { alice: three, bob: three },
        { from: 'alice.phone', to: 'bob/gone', type: 'headline' },
        sees({}),
      ),
      rowTest(
        'S6 C7 §3.3 no address: one row, one delivery to each',
        { alice: 'phone=im-ng tv=im-ng,silent' },
        { from: 'alice.phone', to: '', type: 'chat' },
        sees({ 'alice.phone': 'reflection', 'alice.tv': 'reflection' }, { alice: 1 }),
      ),
      rowTest(
        'S6 §3.3 own bare JID: one row, one delivery to each; a legacy sibling gets it once',
        { alice: three },
        { from: 'alice.phone', to: 'alice', type: 'chat' },
        sees({ 'alice.phone': 'reflection', 'alice.tv': 'reflection', 'alice.laptop': 'as sent' }, { alice: 1 }),
      ),
      rowTest(
        'S6 C5 §3.3 own full JID without marker: one row, one delivery to each',
        { alice: 'phone=im-ng tv=im-ng' },
        { from: 'alice.phone', to: 'alice/tv', type: 'chat' },
        sees({ 'alice.phone': 'reflection', 'alice.tv': 'reflection' }, { alice: 1 }),
      ),
      rowTest(
        'S5 C3 §3.3 own full JID with marker: only that session',
        { alice: three },
        { from: 'alice.phone', to: 'alice/tv', marker: true },
        sees({ 'alice.tv': 'as sent' }),
      ),
      rowTest(
        'S7 D4 §4 ¶2 an unknown account: the bounce reaches all of the sender, legacy siblings as Carbons',
        { alice: three },
        { from: 'alice.phone', to: 'nobody', type: 'chat' },
        sees(
          {
            'alice.phone': 'reflection, bounce',
            'alice.tv': 'reflection, bounce',
            'alice.laptop': 'sent, error received',
          },
          { alice: 2 },
          'service-unavailable',
        ),
      ),
      rowTest(
        'S7 D4 §4 ¶2 an unknown account, marked: the error reaches only the sending session, and nothing is archived',
        { alice: three },
        { from: 'alice.phone', to: 'nobody/phone', type: 'chat', marker: true },
        sees({ 'alice.phone': 'error' }, {}, 'service-unavailable'),
      ),
    ]);
  },
);
