import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkNothing } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';

/** Who is there: alice misbehaves, bob must not notice. */
export interface Victims {
  readonly alice: Device;
  readonly bob: Device;
}

/** What alice gets for it: a stanza error, a stream error, a result, an element outside of stanzas, or nothing at all. */
export type Answer =
  | { readonly error: string | readonly string[] }
  | { readonly stream: string | readonly string[] }
  | { readonly result: true }
  | { readonly element: string; readonly condition: string }
  | 'nothing';

export type Row = readonly [
  title: string,
  stanza: (victims: Victims) => Element,
  answer: Answer,
  whatBobSees?: (seen: readonly Element[], victims: Victims) => void,
];

const body = (text = 'hello') => xml('body', null, text);
const ping = () => xml('ping', { xmlns: NS.ping });
const iq = (attrs: Readonly<Record<string, string | undefined>>, ...children: Element[]) =>
  xml('iq', { id: 'hostile', ...attrs }, ...children);
const mam = (...children: Element[]) => iq({ type: 'set' }, xml('query', { xmlns: NS.mam }, ...children));
const field = (name: string, ...values: string[]) =>
  xml('field', { var: name }, ...values.map((value) => xml('value', null, value)));
const form = (...fields: Element[]) =>
  xml('x', { xmlns: NS.dataForms, type: 'submit' }, field('FORM_TYPE', NS.mam), ...fields);
const rsm = (name: string, value: string) => xml('set', { xmlns: NS.rsm }, xml(name, null, value));
const roster = (attrs: Readonly<Record<string, string>>, ...children: Element[]) =>
  iq({ type: 'set' }, xml('query', { xmlns: NS.roster }, xml('item', attrs, ...children)));

const bad = { error: 'bad-request' };
const malformed = { error: 'jid-malformed' };
const long = 'x'.repeat(10_000);

/** RFC 6120 §8.1.2.1: the server overrides what a client writes as `from`. */
const isStamped: Row[3] = (seen, { alice }) =>
  checkEqual(
    seen.map(({ attrs }) => attrs['from']),
    [alice.jid],
    'from',
  );
const stamped = (title: string, from: (victims: Victims) => string): Row => [
  `a message from ${title}: stamped with the full JID`,
  (victims) => xml('message', { from: from(victims), to: victims.bob.bare, type: 'chat' }, body()),
  'nothing',
  isStamped,
];

const FROM: readonly Row[] = [
  stamped("somebody else's bare JID", ({ bob }) => bob.bare),
  stamped("somebody else's full JID", ({ bob }) => bob.jid),
  stamped('the domain', ({ bob }) => bob.domain),
  stamped('another resource of the own account', ({ alice }) => `${alice.bare}/other`),
  stamped('the own bare JID', ({ alice }) => alice.bare),
  stamped('no JID at all', () => '@@'),
  [
    "directed presence from somebody else's full JID: stamped with the full JID",
    ({ bob }) => xml('presence', { from: bob.jid, to: bob.jid }),
    'nothing',
    isStamped,
  ],
  ["an IQ from somebody else's full JID", ({ bob }) => iq({ from: bob.jid, type: 'get' }, ping()), { result: true }],
];

const IQS: readonly Row[] = [
  ['an IQ without id', () => xml('iq', { type: 'get' }, ping()), bad],
  ['an IQ without type', () => iq({}, ping()), bad],
  ['an IQ of an unknown type', () => iq({ type: 'fetch' }, ping()), bad],
  ['an IQ with two payloads', () => iq({ type: 'get' }, ping(), ping()), bad],
  ['an IQ of type set without payload', () => iq({ type: 'set' }), bad],
  ['an IQ of type get without payload', () => iq({ type: 'get' }), bad],
  ['a result that nobody asked for', () => iq({ type: 'result' }), 'nothing'],
  ['an error that nobody asked for', () => iq({ type: 'error' }), 'nothing'],
  ['a result without id', () => xml('iq', { type: 'result' }), 'nothing'],
  [
    'an unknown payload to the server',
    ({ alice }) => iq({ type: 'get', to: alice.domain }, xml('query', { xmlns: 'urn:example:unknown' })),
    { error: 'service-unavailable' },
  ],
  [
    'an unknown payload to the own account',
    () => iq({ type: 'get' }, xml('query', { xmlns: 'urn:example:unknown' })),
    { error: 'service-unavailable' },
  ],
  [
    "an unknown payload to somebody's account",
    ({ bob }) => iq({ type: 'get', to: bob.bare }, xml('query', { xmlns: 'urn:example:unknown' })),
    { error: 'service-unavailable' },
  ],
  [
    "a vCard to somebody else's account",
    ({ bob }) => iq({ type: 'set', to: bob.bare }, xml('vCard', { xmlns: NS.vcardTemp })),
    { error: ['service-unavailable', 'forbidden', 'not-allowed'] },
  ],
  [
    'a payload without namespace',
    () => iq({ type: 'get' }, xml('query', { xmlns: '' })),
    { error: ['service-unavailable', 'bad-request'] },
  ],
  [
    'binding a second time',
    () => iq({ type: 'set' }, xml('bind', { xmlns: NS.bind })),
    {
      error: [
        'not-allowed',
        'unexpected-request',
        'conflict',
        'bad-request',
        'service-unavailable',
        'policy-violation',
      ],
    },
  ],
];

const ADDRESSES: readonly Row[] = [
  ['a message to a malformed address', () => xml('message', { id: 'hostile', to: '@@' }, body()), malformed],
  ['presence to a malformed address', () => xml('presence', { id: 'hostile', to: 'a@b@c' }), malformed],
  ['an IQ to a malformed address', () => iq({ type: 'get', to: '/' }, ping()), malformed],
  ['a message to an empty address', () => xml('message', { id: 'hostile', to: '' }, body()), malformed],
  [
    'a message to a localpart of 10 kB',
    ({ alice }) => xml('message', { id: 'hostile', to: `${long}@${alice.domain}` }, body()),
    malformed,
  ],
  ['a message to a domain of 10 kB', () => xml('message', { id: 'hostile', to: `a@${long}` }, body()), malformed],
  [
    'a message to a resource of 10 kB',
    ({ bob }) => xml('message', { id: 'hostile', to: `${bob.bare}/${long}` }, body()),
    malformed,
  ],
  ['an IQ to a resource of 10 kB', ({ bob }) => iq({ type: 'get', to: `${bob.bare}/${long}` }, ping()), malformed],
  [
    'subscribing to a malformed address',
    () => xml('presence', { id: 'hostile', type: 'subscribe', to: '@@' }),
    malformed,
  ],
  [
    'an IQ to a server that is not there',
    () => iq({ type: 'get', to: 'remote.invalid' }, ping()),
    { error: ['remote-server-not-found', 'remote-server-timeout'] },
  ],
];

const PRESENCE: readonly Row[] = [
  ['presence of an unknown type', () => xml('presence', { id: 'hostile', type: 'bored' }), bad],
  [
    'directed presence of an unknown type',
    ({ bob }) => xml('presence', { id: 'hostile', type: 'bored', to: bob.bare }),
    bad,
  ],
  ['a priority of 128', () => xml('presence', { id: 'hostile' }, xml('priority', null, '128')), bad],
  ['a priority that is no number', () => xml('presence', { id: 'hostile' }, xml('priority', null, 'high')), bad],
  [
    'subscribing to oneself',
    ({ alice }) => xml('presence', { id: 'hostile', type: 'subscribe', to: alice.bare }),
    'nothing',
  ],
  [
    'granting what nobody asked for',
    ({ bob }) => xml('presence', { type: 'subscribed', to: bob.bare }),
    'nothing',
    (seen) => checkNothing(seen, 'bob'),
  ],
  [
    'presence of type error to the server',
    ({ alice }) => xml('presence', { type: 'error', to: alice.domain }),
    'nothing',
  ],
];

const EXTENSIONS: readonly Row[] = [
  [
    'a roster item with a subscription of its own invention',
    () => roster({ jid: 'x@remote.invalid', subscription: 'lifelong' }),
    { result: true },
  ],
  [
    'a roster group of 10 kB',
    () => roster({ jid: 'x@remote.invalid' }, xml('group', null, long)),
    { error: ['not-acceptable', 'bad-request'] },
  ],
  [
    'a roster name of 10 kB',
    () => roster({ jid: 'x@remote.invalid', name: long }),
    { error: ['not-acceptable', 'bad-request'] },
  ],
  ['an archive query with a start that is no time', () => mam(form(field('start', 'yesterday'))), bad],
  [
    'an archive query with a malformed JID',
    () => mam(form(field('with', '@@'))),
    { error: ['bad-request', 'jid-malformed'] },
  ],
  ['an archive query for a page of "many"', () => mam(rsm('max', 'many')), bad],
  ['an archive query for a page of -1', () => mam(rsm('max', '-1')), bad],
  ['an archive query for a page of a million million', () => mam(rsm('max', '1000000000000')), { result: true }],
  ['an archive query after an id of 10 kB', () => mam(rsm('after', long)), { error: 'item-not-found' }],
  [
    'an archive query with a form of another type',
    () => mam(xml('x', { xmlns: NS.dataForms, type: 'submit' }, field('FORM_TYPE', 'urn:example:other'))),
    bad,
  ],
  [
    'an archive query with an unknown field',
    () => mam(form(field('colour', 'red'))),
    { error: 'feature-not-implemented' },
  ],
  [
    "somebody else's archive",
    ({ bob }) => iq({ type: 'set', to: bob.bare }, xml('query', { xmlns: NS.mam })),
    { error: ['forbidden', 'service-unavailable', 'item-not-found', 'not-allowed'] },
  ],
  ['blocking nothing', () => iq({ type: 'set' }, xml('block', { xmlns: NS.blocking })), bad],
  [
    'blocking a malformed address',
    () => iq({ type: 'set' }, xml('block', { xmlns: NS.blocking }, xml('item', { jid: '@@' }))),
    { error: ['jid-malformed', 'bad-request'] },
  ],
  [
    "somebody else's Carbons",
    ({ bob }) => iq({ type: 'set', to: bob.bare }, xml('enable', { xmlns: NS.carbons })),
    { error: ['service-unavailable', 'not-allowed', 'forbidden'] },
  ],
  [
    "somebody else's IM-NG",
    ({ bob }) => iq({ type: 'set', to: bob.bare }, xml('enable', { xmlns: NS.imNg })),
    { error: ['service-unavailable', 'not-allowed', 'forbidden'] },
  ],
  [
    'IM-NG of type get',
    () => iq({ type: 'get' }, xml('enable', { xmlns: NS.imNg })),
    { error: ['bad-request', 'not-allowed', 'feature-not-implemented', 'service-unavailable'] },
  ],
  [
    'disco#info of a node of 10 kB',
    ({ alice }) => iq({ type: 'get', to: alice.domain }, xml('query', { xmlns: NS.discoInfo, node: long })),
    { error: 'item-not-found' },
  ],
];

const ELEMENTS: readonly Row[] = [
  ['an unknown stanza', () => xml('letter', null, body()), { stream: 'unsupported-stanza-type' }],
  [
    'an unknown element of an unknown namespace',
    () => xml('whatever', { xmlns: 'urn:example:unknown' }),
    { stream: 'unsupported-stanza-type' },
  ],
  [
    'a stanza of the namespace of servers',
    ({ bob }) => xml('message', { xmlns: NS.server, to: bob.bare }, body()),
    { stream: ['unsupported-stanza-type', 'invalid-namespace'] },
  ],
  [
    'logging in again',
    () => xml('auth', { xmlns: NS.sasl, mechanism: 'PLAIN' }, 'AGEAYg=='),
    { stream: ['unsupported-stanza-type', 'policy-violation', 'not-authorized'] },
  ],
  [
    'STARTTLS again',
    () => xml('starttls', { xmlns: NS.tls }),
    { stream: ['unsupported-stanza-type', 'policy-violation'] },
  ],
  [
    'resuming while bound',
    () => xml('resume', { xmlns: NS.sm, h: 0, previd: 'x' }),
    { element: 'failed', condition: 'unexpected-request' },
  ],
  [
    'stream management with a nonsense h',
    () => xml('a', { xmlns: NS.sm, h: 'many' }),
    { stream: ['policy-violation', 'undefined-condition', 'bad-format', 'invalid-xml', 'unsupported-stanza-type'] },
  ],
  ['an element nested 200 deep', () => nest(200), { stream: 'policy-violation' }],
  ['an element with 200 attributes', () => xml('message', manyAttributes(200), body()), { stream: 'policy-violation' }],
  [
    'a stanza of 300 kB',
    ({ bob }) => xml('message', { to: bob.bare }, body('x'.repeat(300_000))),
    { stream: 'policy-violation' },
  ],
  [
    'an element name of 2 kB',
    () => xml('message', null, xml('n'.repeat(2000), { xmlns: 'urn:example:unknown' })),
    { stream: 'policy-violation' },
  ],
];

const FORGERIES: readonly Row[] = [
  [
    'a forged carbon: only a message from its sender',
    ({ bob }) =>
      xml(
        'message',
        { to: bob.jid, type: 'chat' },
        xml('received', { xmlns: NS.carbons }, forwarded({ from: 'carol@example.org/x', to: bob.bare })),
      ),
    'nothing',
    (seen, { alice }) =>
      checkEqual(
        seen.map(({ attrs }) => attrs['from']),
        [alice.jid],
        'from',
      ),
  ],
  [
    'a forged archive result: only a message from its sender',
    ({ bob }) =>
      xml(
        'message',
        { to: bob.jid },
        xml('result', { xmlns: NS.mam, id: 'x', queryid: 'x' }, forwarded({ from: bob.bare, to: bob.bare })),
      ),
    'nothing',
  ],
  [
    "a forged stanza-id of the recipient's account: gone",
    ({ bob }) =>
      xml(
        'message',
        { to: bob.bare, type: 'chat' },
        body(),
        xml('stanza-id', { xmlns: NS.sid, by: bob.bare, id: 'forged' }),
      ),
    'nothing',
    (seen) =>
      check(
        seen.length === 1 && !seen.some((stanza) => stanza.toString().includes('forged')),
        'bob sees the forged id',
      ),
  ],
  ['an error without <error/>', ({ bob }) => xml('message', { to: bob.jid, type: 'error' }), 'nothing'],
  [
    'a hundred bodies',
    ({ bob }) => xml('message', { to: bob.bare, type: 'chat' }, ...Array.from({ length: 100 }, () => body())),
    'nothing',
    (seen) => checkEqual(seen.length, 1, 'messages'),
  ],
  [
    'an id of 10 kB',
    ({ bob }) => xml('message', { to: bob.bare, type: 'chat', id: long }, body()),
    'nothing',
    (seen) => checkEqual(seen[0]?.attrs['id'], long, 'the id'),
  ],
];

/** Everything hostile that a client can send once it is logged in. */
export const HOSTILE_STANZAS: readonly Row[] = [
  ...FROM,
  ...IQS,
  ...ADDRESSES,
  ...PRESENCE,
  ...EXTENSIONS,
  ...ELEMENTS,
  ...FORGERIES,
];

function nest(depth: number): Element {
  let element = xml('x', { xmlns: 'urn:example:deep' });
  for (let level = 1; level < depth; level += 1) element = xml('x', { xmlns: 'urn:example:deep' }, element);
  return xml('message', null, element);
}

function manyAttributes(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, number) => [`a${number}`, 'x']));
}

function forwarded(attrs: Readonly<Record<string, string>>): Element {
  return xml(
    'forwarded',
    { xmlns: NS.forward },
    xml('message', { xmlns: NS.client, type: 'chat', ...attrs }, body('forged')),
  );
}
