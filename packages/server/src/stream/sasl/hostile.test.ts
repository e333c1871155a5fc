/** Hostile and malformed input to SASL. Each row is what comes and the exact answer. */
import { NS } from '@tutti/xmpp';
import { auth, bytes, failed, respond, sasl, sasl2, scram, type Row, runTables } from '../../../test/stream/hostile.ts';
import { base64, PASSWORD, plainAuth } from '../../../test/stream/world.ts';

const SASL: readonly Row[] = [
  ['no mechanism', 'open', `<auth xmlns='${NS.sasl}'/>`, sasl('invalid-mechanism')],
  ['a mechanism that is not offered', 'open', auth('ANONYMOUS', ''), sasl('invalid-mechanism')],
  ['a mechanism in small letters', 'open', auth('plain', base64(`\0user\0${PASSWORD}`)), sasl('invalid-mechanism')],
  [
    '-PLUS without TLS',
    'open',
    auth('SCRAM-SHA-1-PLUS', base64('p=tls-exporter,,n=user,r=a')),
    sasl('invalid-mechanism'),
  ],
  ['EXTERNAL', 'open', auth('EXTERNAL', '='), sasl('invalid-mechanism')],
  ['no base64', 'open', auth('PLAIN', '!!!!'), sasl('incorrect-encoding')],
  ['base64 with white space', 'open', auth('PLAIN', 'AHVzZXIA\ncGVuY2ls'), sasl('incorrect-encoding')],
  ['base64 without padding', 'open', auth('PLAIN', 'AHVzZXIAcGVuY2k'), sasl('incorrect-encoding')],
  ['PLAIN without NUL', 'open', auth('PLAIN', base64('user pencil')), sasl('malformed-request')],
  ['PLAIN with too many NUL', 'open', auth('PLAIN', base64('\0user\0pen\0cil')), sasl('malformed-request')],
  ['PLAIN without a password', 'open', plainAuth('user', ''), sasl('malformed-request')],
  ['PLAIN without a name', 'open', plainAuth('', PASSWORD), sasl('malformed-request')],
  [
    'PLAIN that is not UTF-8',
    'open',
    auth('PLAIN', base64(bytes(0, 0xff, 0, 0x61))),
    sasl('malformed-request', 'Not UTF-8'),
  ],
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
  [
    'SCRAM with an escape that is none',
    'open',
    scram('n,,n=us=er,r=abc'),
    sasl('malformed-request', "'=' must be followed by 2C or 3D"),
  ],
  ['SCRAM with an empty nonce', 'open', scram('n,,n=user,r='), sasl('malformed-request')],
  ['SCRAM for somebody else', 'open', scram('n,a=other@localhost,n=user,r=abc'), sasl('invalid-authzid')],
  [
    'SCRAM with channel binding and no -PLUS',
    'open',
    scram('p=tls-unique,,n=user,r=abc'),
    sasl('malformed-request', 'Channel binding needs a -PLUS mechanism'),
  ],
  [
    'two logins at once',
    'open',
    scram('n,,n=user,r=abc') + plainAuth('user', PASSWORD),
    `[challenge]${sasl('malformed-request', 'An authentication is under way')}`,
  ],
  [
    'a second login while challenged',
    'challenged',
    plainAuth('user', PASSWORD),
    sasl('malformed-request', 'An authentication is under way'),
  ],
  ['an empty response', 'challenged', respond(''), sasl('malformed-request')],
  ['a proof that is none', 'challenged', respond(base64('c=biws,r=abc,p=AAAA')), sasl('not-authorized')],
  ['a proof in broken base64', 'challenged', respond(base64('c=biws,r=abc,p=A')), sasl('incorrect-encoding')],
  [
    'STARTTLS while challenged',
    'challenged',
    `<starttls xmlns='${NS.tls}'/>`,
    failed('policy-violation', 'Out of order'),
  ],
  ['the other profile while challenged', 'challenged', sasl2('PLAIN', ''), failed('policy-violation', 'Out of order')],
  ['a stanza while challenged', 'challenged', '<message/>', failed('not-authorized')],
  [
    'too many failures',
    'open',
    plainAuth('user', 'a') + plainAuth('user', 'b'),
    sasl('not-authorized') + sasl('not-authorized') + failed('policy-violation', 'Too many failed logins'),
  ],
];

const SASL2: readonly Row[] = [
  ['no mechanism', 'open', `<authenticate xmlns='${NS.sasl2}'/>`, sasl('invalid-mechanism', undefined, NS.sasl2)],
  [
    'no base64',
    'open',
    sasl2('PLAIN', '<initial-response>??</initial-response>'),
    sasl('incorrect-encoding', undefined, NS.sasl2),
  ],
  [
    'a response to nothing',
    'open',
    `<response xmlns='${NS.sasl2}'/>`,
    sasl('malformed-request', 'No authentication is under way', NS.sasl2),
  ],
  ['a task that nobody set', 'open', `<next xmlns='${NS.sasl2}' task='TOTP'/>`, failed('unsupported-stanza-type')],
  [
    'a user agent whose id is no UUID',
    'open',
    sasl2('PLAIN', "<user-agent id='me'/>"),
    sasl('malformed-request', 'The user agent id is no UUID', NS.sasl2),
  ],
  [
    'a token by count of minus one',
    'open',
    sasl2('HT-SHA-256-NONE', `<fast xmlns='${NS.fast}' count='-1'/>`),
    sasl('malformed-request', 'Wrong count', NS.sasl2),
  ],
  [
    'a token wanted for a password mechanism',
    'open',
    sasl2('PLAIN', `<request-token xmlns='${NS.fast}' mechanism='PLAIN'/>`),
    sasl('malformed-request', 'A token is wanted for an unknown mechanism', NS.sasl2),
  ],
  [
    'a token without a client',
    'open',
    sasl2('HT-SHA-256-NONE', `<fast xmlns='${NS.fast}'/>`),
    sasl('malformed-request', 'FAST needs a user agent with an id', NS.sasl2),
  ],
];

runTables([
  ['SASL: RFC 6120 §6', SASL],
  ['SASL2: XEP-0388, XEP-0484', SASL2],
]);
