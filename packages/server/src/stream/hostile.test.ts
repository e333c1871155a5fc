/**
 * Hostile and malformed input before there is a session: XML, streams, STARTTLS, SASL. Each row is what comes and the exact
 * answer. All rows run against one server; at the end it must be as healthy as before.
 */
import { NS } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { base64, HEADER, OPEN, PASSWORD, plainAuth, settle, type TestClient, World } from '../../test/stream/world.ts';

/** How far the dialogue has come when the hostile bytes arrive. */
type State = 'connected' | 'open' | 'tls required' | 'challenged' | 'restarting' | 'logged in' | 'bound' | 'ws connected' | 'ws open' | 'ws bound';

type Row = readonly [what: string, state: State, input: string | Uint8Array, answer: string];

const world = new World({ stream: { limits: { loginAttempts: 2 } } });
const strict = new World({ stream: { requireTls: true } });
let bystander: TestClient;

/** A stream error with what closes the stream behind it. */
const failed = (condition: string, text?: string) => {
  const explained = text === undefined ? '' : `<text xmlns='${NS.streams}' xml:lang='en'>${text}</text>`;
  return `<stream:error><${condition} xmlns='${NS.streams}'/>${explained}</stream:error></stream:stream>`;
};
/** The same before the stream is open: the server opens it first, for no domain. */
const refused = (condition: string, text?: string) => `[header '']${failed(condition, text)}`;
/** The same where a new header was awaited. */
const restartFailed = (condition: string) => `[header 'localhost']${failed(condition)}`;
const wsFailed = (condition: string, text?: string) =>
  failed(condition, text)
    .replace('<stream:error>', `<stream:error xmlns:stream='${NS.stream}'>`)
    .replace('</stream:stream>', `<close xmlns='${NS.framing}'/>`);
const sasl = (condition: string, text?: string, ns: string = NS.sasl) => {
  const name = ns === NS.sasl ? condition : `${condition} xmlns='${NS.sasl}'`;
  return `<failure xmlns='${ns}'><${name}/>${text === undefined ? '' : `<text xml:lang='en'>${text}</text>`}</failure>`;
};
const auth = (mechanism: string, data: string) => `<auth xmlns='${NS.sasl}' mechanism='${mechanism}'>${data}</auth>`;
const scram = (first: string) => auth('SCRAM-SHA-1', base64(first));
const respond = (data: string) => `<response xmlns='${NS.sasl}'>${data}</response>`;
const sasl2 = (mechanism: string, inner: string) => `<authenticate xmlns='${NS.sasl2}' mechanism='${mechanism}'>${inner}</authenticate>`;
const change = (from: string | RegExp, to: string) => HEADER.replace(from, to);
const bytes = (...values: number[]) => Uint8Array.from(values);
const nest = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
const attributes = (count: number) => Array.from({ length: count }, (_, i) => `a${i}=''`).join(' ');

const XML: readonly Row[] = [
  ['an HTTP request', 'connected', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', refused('not-well-formed')],
  ['a TLS ClientHello', 'connected', bytes(0x16, 0x03, 0x01, 0x00, 0xa5, 0x01), refused('not-well-formed')],
  ['a NUL byte', 'connected', bytes(0), refused('not-well-formed')],
  ['an UTF-16 byte order mark', 'connected', bytes(0xff, 0xfe, 0x3c, 0), refused('unsupported-encoding')],
  ['another encoding', 'connected', `<?xml version='1.0' encoding='ISO-8859-1'?>${HEADER}`, refused('unsupported-encoding')],
  ['XML 1.1', 'connected', `<?xml version='1.1'?>${HEADER}`, refused('not-well-formed')],
  ['a document type', 'connected', `<!DOCTYPE x [<!ENTITY a 'b'>]>${HEADER}`, refused('restricted-xml')],
  ['a comment', 'open', '<!-- hello -->', failed('restricted-xml')],
  ['a processing instruction', 'open', '<?php exit; ?>', failed('restricted-xml')],
  ['an entity of one’s own', 'open', `<message>&lol;</message>`, failed('restricted-xml')],
  ['a character that XML does not allow, by reference', 'open', '<message>&#0;</message>', failed('not-well-formed')],
  ['broken UTF-8', 'open', bytes(0x3c, 0x61, 0x3e, 0xc3, 0x28), failed('unsupported-encoding')],
  ['an overlong encoding', 'open', bytes(0x3c, 0x61, 0x3e, 0xc0, 0xaf), failed('unsupported-encoding')],
  ['tags that do not match', 'open', '<message></presence>', failed('not-well-formed')],
  ['an attribute twice', 'open', "<message to='a' to='b'/>", failed('not-well-formed')],
  ['an attribute without quotes', 'open', '<message to=a/>', failed('not-well-formed')],
  ['a prefix that nobody declared', 'open', '<x:message/>', failed('bad-namespace-prefix')],
  ['text between elements', 'open', 'hello', failed('bad-format')],
  ['the end of another element', 'open', '</stream:features>', failed('not-well-formed')],
  ['too many bytes', 'open', `<message>${'x'.repeat(10_000)}`, failed('policy-violation')],
  ['too deep', 'open', nest(17), failed('policy-violation')],
  ['too many attributes', 'open', `<message ${attributes(33)}/>`, failed('policy-violation')],
  ['a name too long', 'open', `<${'n'.repeat(257)}/>`, failed('policy-violation')],
  ['a header without an end', 'connected', `<stream:stream a='${'x'.repeat(10_000)}`, refused('policy-violation')],
];

const STREAMS: readonly Row[] = [
  ['no stream at all', 'connected', "<message xmlns='jabber:client'>", refused('invalid-namespace')],
  ['a root of another name', 'connected', change('stream:stream', 'stream:flow'), refused('bad-format')],
  ['another stream namespace', 'connected', change(NS.stream, 'http://example.org/streams'), refused('invalid-namespace')],
  ['content of another namespace', 'connected', change('jabber:client', 'jabber:server'), refused('invalid-namespace')],
  ['content of no namespace', 'connected', change("xmlns='jabber:client'", ''), refused('invalid-namespace')],
  ['no version', 'connected', change(" version='1.0'", ''), refused('unsupported-version')],
  ['version 0.9', 'connected', change("'1.0'", "'0.9'"), refused('unsupported-version')],
  ['version one', 'connected', change("'1.0'", "'one'"), refused('unsupported-version')],
  ['no `to`', 'connected', change(" to='localhost'", ''), refused('improper-addressing', "The header needs a 'to' attribute")],
  ['an empty `to`', 'connected', change("to='localhost'", "to=''"), refused('host-unknown')],
  ['a domain that is not served', 'connected', change("to='localhost'", "to='elsewhere.example'"), refused('host-unknown')],
  ['an account as `to`', 'connected', change("to='localhost'", "to='user@localhost'"), refused('host-unknown')],
  ['`from` is no JID', 'connected', change('to=', "from='@@' to="), refused('invalid-from')],
  ['`from` of another domain', 'connected', change('to=', "from='user@tutti.example' to="), refused('invalid-from')],
  ['closed before it is open', 'connected', '</stream:stream>', refused('not-well-formed')],
  ['opened and closed in one', 'connected', change('>', '/>'), "[header 'localhost'][features]</stream:stream>"],
  ['a second header, which is an element that never ends', 'open', HEADER, ''],
  ['another domain after login', 'restarting', change("to='localhost'", "to='tutti.example'"), restartFailed('not-authorized')],
  ['another account after login', 'restarting', change('to=', "from='other@localhost' to="), restartFailed('invalid-from')],
  ['a stanza instead of a header after login', 'restarting', "<message xmlns='jabber:client'>", restartFailed('invalid-namespace')],
  ['a stream error of the client’s', 'open', `<stream:error><bad-format xmlns='${NS.streams}'/></stream:error>`, '</stream:stream>'],
  ['features of the client’s', 'open', '<stream:features/>', failed('unsupported-stanza-type')],
  ['an element nobody knows', 'open', "<pubsub/>", failed('unsupported-stanza-type')],
  ['something after the end', 'open', '</stream:stream><message/>', '</stream:stream>'],
];

const BEFORE_LOGIN: readonly Row[] = [
  ['a message', 'open', "<message to='user@localhost'><body>hi</body></message>", failed('not-authorized')],
  ['presence', 'open', '<presence/>', failed('not-authorized')],
  ['an IQ', 'open', "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", failed('not-authorized')],
  ['an IQ without id', 'open', "<iq type='get'/>", failed('not-authorized')],
  ['binding', 'open', `<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`, failed('not-authorized')],
  ['a stanza between servers', 'open', "<message xmlns='jabber:server'/>", failed('invalid-namespace')],
  ['resuming a session', 'open', `<resume xmlns='${NS.sm}' previd='x' h='0'/>`, `<failed xmlns='${NS.sm}'><unexpected-request xmlns='${NS.stanzas}'/></failed>`],
  ['enabling stream management', 'open', `<enable xmlns='${NS.sm}'/>`, `<failed xmlns='${NS.sm}'><unexpected-request xmlns='${NS.stanzas}'/></failed>`],
  ['asking for an acknowledgement', 'open', `<r xmlns='${NS.sm}'/>`, failed('unsupported-stanza-type')],
  ['STARTTLS with more behind it', 'open', `<starttls xmlns='${NS.tls}'/>${plainAuth('user', PASSWORD)}`, `<failure xmlns='${NS.tls}'/></stream:stream>`],
  ['STARTTLS with white space behind it', 'open', `<starttls xmlns='${NS.tls}'/> `, `<failure xmlns='${NS.tls}'/></stream:stream>`],
  ['another element of STARTTLS', 'open', `<proceed xmlns='${NS.tls}'/>`, failed('policy-violation', 'Out of order')],
  ['STARTTLS after login', 'logged in', `<starttls xmlns='${NS.tls}'/>`, failed('policy-violation', 'Out of order')],
  ['a stanza where TLS is required', 'tls required', '<presence/>', failed('not-authorized')],
  ['a login where TLS is required', 'tls required', plainAuth('user', PASSWORD), sasl('encryption-required')],
];

const SASL: readonly Row[] = [
  ['no mechanism', 'open', `<auth xmlns='${NS.sasl}'/>`, sasl('invalid-mechanism')],
  ['a mechanism that is not offered', 'open', auth('ANONYMOUS', ''), sasl('invalid-mechanism')],
  ['a mechanism in small letters', 'open', auth('plain', base64(`\0user\0${PASSWORD}`)), sasl('invalid-mechanism')],
  ['-PLUS without TLS', 'open', auth('SCRAM-SHA-1-PLUS', base64('p=tls-exporter,,n=user,r=a')), sasl('invalid-mechanism')],
  ['EXTERNAL', 'open', auth('EXTERNAL', '='), sasl('invalid-mechanism')],
  ['no base64', 'open', auth('PLAIN', '!!!!'), sasl('incorrect-encoding')],
  ['base64 with white space', 'open', auth('PLAIN', 'AHVzZXIA\ncGVuY2ls'), sasl('incorrect-encoding')],
  ['base64 without padding', 'open', auth('PLAIN', 'AHVzZXIAcGVuY2k'), sasl('incorrect-encoding')],
  ['PLAIN without NUL', 'open', auth('PLAIN', base64('user pencil')), sasl('malformed-request')],
  ['PLAIN with too many NUL', 'open', auth('PLAIN', base64('\0user\0pen\0cil')), sasl('malformed-request')],
  ['PLAIN without a password', 'open', plainAuth('user', ''), sasl('malformed-request')],
  ['PLAIN without a name', 'open', plainAuth('', PASSWORD), sasl('malformed-request')],
  ['PLAIN that is not UTF-8', 'open', auth('PLAIN', base64(bytes(0, 0xff, 0, 0x61))), sasl('malformed-request', 'Not UTF-8')],
  ['PLAIN with a password too long', 'open', plainAuth('user', 'x'.repeat(1025)), sasl('malformed-request')],
  ['a wrong password', 'open', plainAuth('user', 'wrong'), sasl('not-authorized')],
  ['a user that does not exist', 'open', plainAuth('nobody', PASSWORD), sasl('not-authorized')],
  ['a name that cannot exist', 'open', plainAuth('a b@c@d', PASSWORD), sasl('not-authorized')],
  ['a password with control characters', 'open', plainAuth('user', 'pen\u0007cil'), sasl('not-authorized')],
  ['acting for somebody else', 'open', plainAuth('user', PASSWORD, 'other@localhost'), sasl('invalid-authzid')],
  ['acting for no JID', 'open', plainAuth('user', PASSWORD, '@'), sasl('invalid-authzid')],
  ['a user of another domain', 'open', plainAuth('user@tutti.example', PASSWORD), sasl('not-authorized')],
  ['a response to nothing', 'open', respond(base64('x')), sasl('malformed-request', 'No authentication is under way')],
  ['aborting nothing', 'open', `<abort xmlns='${NS.sasl}'/>`, sasl('aborted')],
  ['an element of the server’s', 'open', `<success xmlns='${NS.sasl}'/>`, failed('unsupported-stanza-type')],
  ['SCRAM that is empty', 'open', auth('SCRAM-SHA-1', '='), sasl('malformed-request')],
  ['SCRAM without a GS2 header', 'open', scram('n=user,r=abc'), sasl('malformed-request')],
  ['SCRAM with a mandatory extension', 'open', scram('n,,m=x,n=user,r=abc'), sasl('malformed-request')],
  ['SCRAM with an escape that is none', 'open', scram('n,,n=us=er,r=abc'), sasl('malformed-request', "'=' must be followed by 2C or 3D")],
  ['SCRAM with an empty nonce', 'open', scram('n,,n=user,r='), sasl('malformed-request')],
  ['SCRAM for somebody else', 'open', scram('n,a=other@localhost,n=user,r=abc'), sasl('invalid-authzid')],
  ['SCRAM with channel binding and no -PLUS', 'open', scram('p=tls-unique,,n=user,r=abc'), sasl('malformed-request', 'Channel binding needs a -PLUS mechanism')],
  ['two logins at once', 'open', scram('n,,n=user,r=abc') + plainAuth('user', PASSWORD), `[challenge]${sasl('malformed-request', 'An authentication is under way')}`],
  ['a second login while challenged', 'challenged', plainAuth('user', PASSWORD), sasl('malformed-request', 'An authentication is under way')],
  ['an empty response', 'challenged', respond(''), sasl('malformed-request')],
  ['a proof that is none', 'challenged', respond(base64('c=biws,r=abc,p=AAAA')), sasl('not-authorized')],
  ['a proof in broken base64', 'challenged', respond(base64('c=biws,r=abc,p=A')), sasl('incorrect-encoding')],
  ['STARTTLS while challenged', 'challenged', `<starttls xmlns='${NS.tls}'/>`, failed('policy-violation', 'Out of order')],
  ['the other profile while challenged', 'challenged', sasl2('PLAIN', ''), failed('policy-violation', 'Out of order')],
  ['a stanza while challenged', 'challenged', '<message/>', failed('not-authorized')],
  ['too many failures', 'open', plainAuth('user', 'a') + plainAuth('user', 'b'), sasl('not-authorized') + sasl('not-authorized') + failed('policy-violation', 'Too many failed logins')],
];

const SASL2: readonly Row[] = [
  ['no mechanism', 'open', `<authenticate xmlns='${NS.sasl2}'/>`, sasl('invalid-mechanism', undefined, NS.sasl2)],
  ['no base64', 'open', sasl2('PLAIN', '<initial-response>??</initial-response>'), sasl('incorrect-encoding', undefined, NS.sasl2)],
  ['a response to nothing', 'open', `<response xmlns='${NS.sasl2}'/>`, sasl('malformed-request', 'No authentication is under way', NS.sasl2)],
  ['a task that nobody set', 'open', `<next xmlns='${NS.sasl2}' task='TOTP'/>`, failed('unsupported-stanza-type')],
  ['a user agent whose id is no UUID', 'open', sasl2('PLAIN', "<user-agent id='me'/>"), sasl('malformed-request', 'The user agent id is no UUID', NS.sasl2)],
  ['a token by count of minus one', 'open', sasl2('HT-SHA-256-NONE', `<fast xmlns='${NS.fast}' count='-1'/>`), sasl('malformed-request', 'Wrong count', NS.sasl2)],
  ['a token wanted for a password mechanism', 'open', sasl2('PLAIN', `<request-token xmlns='${NS.fast}' mechanism='PLAIN'/>`), sasl('malformed-request', 'A token is wanted for an unknown mechanism', NS.sasl2)],
  ['a token without a client', 'open', sasl2('HT-SHA-256-NONE', `<fast xmlns='${NS.fast}'/>`), sasl('malformed-request', 'FAST needs a user agent with an id', NS.sasl2)],
];

const AFTER_LOGIN: readonly Row[] = [
  ['a message before binding', 'logged in', "<message to='other@localhost'/>", failed('not-authorized')],
  ['an IQ to somebody else before binding', 'logged in', "<iq type='get' id='1' to='other@localhost'/>", failed('not-authorized')],
  ['an IQ to the server before binding', 'logged in', "<iq type='get' id='1' to='localhost'/>", `<iq id='1' from='localhost' type='error'><error type='cancel'><not-allowed xmlns='${NS.stanzas}'/><text xmlns='${NS.stanzas}' xml:lang='en'>Bind a resource first</text></error></iq>`],
  ['the answer to an IQ before binding', 'logged in', "<iq type='result' id='1'/>", failed('not-authorized')],
  ['enabling stream management before binding', 'logged in', `<enable xmlns='${NS.sm}'/>`, `<failed xmlns='${NS.sm}'><unexpected-request xmlns='${NS.stanzas}'/></failed>`],
  ['logging in again', 'logged in', plainAuth('other', PASSWORD), failed('policy-violation', 'Out of order')],
  ['logging in again when bound', 'bound', plainAuth('other', PASSWORD), failed('policy-violation', 'Out of order')],
  ['SASL2 when bound', 'bound', sasl2('PLAIN', ''), failed('policy-violation', 'Out of order')],
  ['STARTTLS when bound', 'bound', `<starttls xmlns='${NS.tls}'/>`, failed('policy-violation', 'Out of order')],
  ['half an element when bound', 'bound', '<message', ''],
  ['broken XML when bound', 'bound', '<message><</message>', failed('not-well-formed')],
  ['too deep when bound', 'bound', nest(101), failed('policy-violation')],
];

const WEBSOCKET: readonly Row[] = [
  ['the framing of TCP', 'ws connected', HEADER, `[open '']${wsFailed('not-well-formed')}`],
  ['a whole <stream:stream/>', 'ws connected', HEADER.replace('>', '/>'), `[open '']${wsFailed('bad-format', 'A stream header was expected')}`],
  ['a stanza first', 'ws connected', "<message xmlns='jabber:client'/>", `[open '']${wsFailed('bad-format', 'A stream header was expected')}`],
  ['an <open/> for another domain', 'ws connected', OPEN.replace('localhost', 'elsewhere.example'), `[open '']${wsFailed('host-unknown')}`],
  ['an <open/> without version', 'ws connected', OPEN.replace(" version='1.0'", ''), `[open '']${wsFailed('unsupported-version')}`],
  ['<close/> first', 'ws connected', `<close xmlns='${NS.framing}'/>`, `[open '']<close xmlns='${NS.framing}'/>`],
  ['<open/> twice', 'ws open', OPEN, wsFailed('bad-format', 'The stream is open already')],
  ['half an element', 'ws open', "<message xmlns='jabber:client'>", wsFailed('not-well-formed')],
  ['two elements', 'ws open', "<a xmlns='b'/><a xmlns='b'/>", wsFailed('not-well-formed')],
  ['white space', 'ws open', ' ', wsFailed('not-well-formed')],
  ['an empty message', 'ws open', '', wsFailed('not-well-formed')],
  ['an element without its namespace', 'ws open', '<message/>', wsFailed('unsupported-stanza-type')],
  ['a stanza before login', 'ws open', "<message xmlns='jabber:client'/>", wsFailed('not-authorized')],
  ['STARTTLS', 'ws open', `<starttls xmlns='${NS.tls}'/>`, `<failure xmlns='${NS.tls}'/><close xmlns='${NS.framing}'/>`],
  ['a second document when bound', 'ws bound', "<message xmlns='jabber:client'/>x", wsFailed('not-well-formed')],
];

async function reach(state: State): Promise<TestClient> {
  const framing = state.startsWith('ws') ? 'document' : 'stream';
  const client = await (state === 'tls required' ? strict : world).connect({ framing });
  if (state.endsWith('connected')) return client;
  if (state.endsWith('bound')) await client.logIn('user', 'hostile');
  else await client.open();
  if (state === 'challenged') await client.say(scram('n,,n=user,r=abc'));
  if (state === 'restarting' || state === 'logged in') await client.say(plainAuth('user', PASSWORD));
  if (state === 'logged in') await client.open();
  return client;
}

/** Leaves out what is different each time. */
function simplify(answer: string): string {
  return answer
    .replace(/(?:<\?xml version='1\.0'\?>)<stream:stream [^>]*from='([^']*)'[^>]*>/g, "[header '$1']")
    .replace(/<open [^>]*from='([^']*)'[^>]*\/>/g, "[open '$1']")
    .replace(/<stream:features.*<\/stream:features>/s, '[features]')
    .replace(/<challenge .*<\/challenge>/s, '[challenge]');
}

beforeAll(async () => {
  bystander = await world.connect();
  await bystander.logIn('other', 'bystander');
});

describe.each([
  ['XML: RFC 6120 §11, §13.12', XML],
  ['streams: RFC 6120 §4', STREAMS],
  ['before login: RFC 6120 §4.9.3.12, §5', BEFORE_LOGIN],
  ['SASL: RFC 6120 §6', SASL],
  ['SASL2: XEP-0388, XEP-0484', SASL2],
  ['after login: RFC 6120 §7', AFTER_LOGIN],
  ['WebSocket: RFC 7395', WEBSOCKET],
] as const)('%s', (_title, rows) => {
  it.each(rows)('%s (%s)', async (_what, state, input, answer) => {
    const client = await reach(state);
    expect(simplify(await client.say(input))).toBe(answer);
    // What has ended has ended: nothing that comes later is heard
    if (/<\/stream:stream>$|<close [^>]*>$/.test(answer)) {
      expect(client.transport.ended).toBe(true);
      expect(await client.say(HEADER)).toBe('');
    }
    client.transport.cut();
    await settle();
  });
});

afterAll(async () => {
  // The server is unharmed: who was there has noticed nothing, who comes is served
  expect(await bystander.hear()).toBe('');
  await bystander.say('<message/>');
  expect(world.host.sessions[0]?.received).toHaveLength(1);
  expect(await (await world.connect()).logIn()).toBe('user@localhost/r');
});
