import { JID, SaslError } from '@tutti/xmpp';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ScramClient } from '../../../test/stream/scram-client.js';
import { SeededRandom } from '../../../test/stream/environment.js';
import { deriveKeys } from './credentials.js';
import { hashOffer } from './offer.js';
import { PasswordError } from './password.js';
import { Scram } from './scram.js';
import { readClientFirst } from './scram-message.js';
const EXPORTER = new Uint8Array(32).fill(9);
const PLAIN_OFFER = { mechanisms: ['SCRAM-SHA-1', 'PLAIN'], bindings: [], fast: [], bindingData: new Map() };
const BOUND_OFFER = {
  mechanisms: ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'],
  bindings: ['tls-exporter'],
  fast: [],
  bindingData: new Map([['tls-exporter', EXPORTER]]),
};
const SALT = Buffer.from('QSXCR+Q6sek8bf92', 'base64');
function makeContext({ credentials, offer = PLAIN_OFFER, asked = [] }) {
  return {
    domain: 'localhost',
    offer,
    random: new SeededRandom(),
    secret: new Uint8Array(32).fill(1),
    iterations: 4096,
    findCredentials: async (account) => {
      asked.push(String(account));
      return account?.local === 'user' ? credentials : undefined;
    },
    findTokens: async () => [],
  };
}
async function keysOf(password = 'pencil', hash = 'SHA-1') {
  const name = hash === 'SHA-1' ? 'sha1' : hash === 'SHA-256' ? 'sha256' : 'sha512';
  return { [name]: await deriveKeys(password, hash, 4096, SALT) };
}
function text(step) {
  return Buffer.from(step.data ?? []).toString();
}
async function conditionOf(work) {
  try {
    await work;
    return 'success';
  } catch (error) {
    if (error instanceof SaslError) return error.condition;
    throw error;
  }
}
/** Runs a whole exchange. */
async function run(client, hash, plus, context, change = {}) {
  const scram = new Scram(hash, plus, context);
  const challenge = text(await scram.step(Buffer.from(client.first())));
  return scram.step(Buffer.from(client.final(challenge, change)));
}
describe('RFC 5802 §3 the keys', () => {
  it('RFC 5802 §5, RFC 7677 §3: the stored keys fit the examples of the RFCs', async () => {
    const examples = [
      {
        hash: 'SHA-1',
        salt: 'QSXCR+Q6sek8bf92',
        auth: 'n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j',
        proof: 'v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
        verifier: 'rmF9pqV8S7suAoZWja4dJRkFsKQ=',
      },
      {
        hash: 'SHA-256',
        salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
        auth: 'n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
        proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
        verifier: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
      },
    ];
    const { digest, hmac, xorBytes } = await import('./crypto.js');
    for (const { hash, salt, auth, proof, verifier } of examples) {
      const keys = await deriveKeys('pencil', hash, 4096, Buffer.from(salt, 'base64'));
      const clientKey = xorBytes(hmac(hash, keys.storedKey, auth), Buffer.from(proof, 'base64'));
      expect(Buffer.from(digest(hash, clientKey))).toEqual(Buffer.from(keys.storedKey));
      expect(Buffer.from(hmac(hash, keys.serverKey, auth)).toString('base64')).toBe(verifier);
    }
  });
  it('RFC 4013: passwords are prepared as clients do', async () => {
    const salt = new Uint8Array(16);
    const same = await Promise.all(
      ['I\u00adX', 'IX', '\u2168'].map((password) => deriveKeys(password, 'SHA-1', 4096, salt)),
    );
    expect(same[0]).toEqual(same[1]);
    expect(same[2]).toEqual(same[1]);
    await expect(deriveKeys('\u0007', 'SHA-1', 4096, salt)).rejects.toThrow('cannot be used');
    await expect(deriveKeys('', 'SHA-1', 4096, salt)).rejects.toThrow('empty');
    await expect(deriveKeys('\u00ad', 'SHA-1', 4096, salt)).rejects.toThrow(PasswordError);
    await expect(deriveKeys('x'.repeat(1025), 'SHA-1', 4096, salt)).rejects.toThrow('too long');
    await deriveKeys('pässwörd 🔑', 'SHA-1', 4096, salt);
  });
});
describe('RFC 5802 §5 the exchange', () => {
  it.each(['SHA-1', 'SHA-256', 'SHA-512'])('SCRAM-%s: both sides prove that they know the password', async (hash) => {
    const client = new ScramClient({ hash, name: 'user', password: 'pencil' });
    const step = await run(client, hash, false, makeContext({ credentials: await keysOf('pencil', hash) }));
    expect(step).toMatchObject({ kind: 'success', account: JID.parse('user@localhost') });
    expect(text(step)).toBe(client.expectedVerifier());
  });
  it('XEP-0474 §5.1 the challenge hashes what was offered', async () => {
    const scram = new Scram('SHA-1', false, makeContext({ credentials: await keysOf() }));
    const challenge = text(await scram.step(Buffer.from('n,,n=user,r=abc')));
    expect(challenge).toMatch(/^r=abc[\w-]{24},s=QSXCR\+Q6sek8bf92,i=4096,h=/);
    const list = 'PLAIN\x1eSCRAM-SHA-1';
    expect(challenge.split(',h=')[1]).toBe(createHash('sha1').update(list).digest('base64'));
  });
  it('XEP-0474 §5.3 the example of the XEP', () => {
    const offer = { ...BOUND_OFFER, bindings: ['tls-server-end-point', 'tls-exporter'] };
    expect(hashOffer('SHA-1', offer)).toBe('G6k/rBLDqgOhRRaCuuatSDFkJ08=');
  });
  it('takes extensions that need not be understood, and the account as a bare JID or in capitals', async () => {
    const credentials = await keysOf();
    const extended = new ScramClient({ hash: 'SHA-1', name: 'user', password: 'pencil' });
    const change = { extension: ',x=anything' };
    expect(await run(extended, 'SHA-1', false, makeContext({ credentials }), change)).toMatchObject({
      kind: 'success',
    });
    for (const name of ['user@localhost', 'USER', 'User@LOCALHOST']) {
      const client = new ScramClient({ hash: 'SHA-1', name, password: 'pencil' });
      const step = await run(client, 'SHA-1', false, makeContext({ credentials }));
      expect(step).toMatchObject({ kind: 'success', account: JID.parse('user@localhost') });
    }
  });
  it('§5.1 unescapes =2C and =3D in names', () => {
    expect(readClientFirst(Buffer.from('n,,n=a=2Cb=3Dc,r=x')).name).toBe('a,b=c');
    expect(readClientFirst(Buffer.from('n,a=a=3D2C,n=u,r=x')).authzid).toBe('a=2C');
  });
  it('RFC 6120 §6.3.8 the authorization identity may only be the account', async () => {
    const credentials = await keysOf();
    const authzids = {
      'user@localhost': 'success',
      'USER@LOCALHOST': 'success',
      'other@localhost': 'invalid-authzid',
      'user@localhost/r': 'invalid-authzid',
      user: 'invalid-authzid',
      '@': 'invalid-authzid',
    };
    for (const [authzid, expected] of Object.entries(authzids)) {
      const client = new ScramClient({ hash: 'SHA-1', name: 'user', password: 'pencil', gs2Header: `n,a=${authzid},` });
      expect([authzid, await conditionOf(run(client, 'SHA-1', false, makeContext({ credentials })))]).toEqual([
        authzid,
        expected,
      ]);
    }
  });
});
describe('RFC 5802 §6 channel binding', () => {
  const client = (gs2Header, bindingData = EXPORTER) =>
    new ScramClient({ hash: 'SHA-1', name: 'user', password: 'pencil', gs2Header, bindingData });
  it.each([
    ['p=tls-exporter,,', EXPORTER, true, BOUND_OFFER, 'success'],
    ['p=tls-exporter,,', new Uint8Array(32), true, BOUND_OFFER, 'not-authorized'],
    ['p=tls-exporter,,', new Uint8Array(0), true, BOUND_OFFER, 'not-authorized'],
    ['p=tls-server-end-point,,', EXPORTER, true, BOUND_OFFER, 'malformed-request'],
    ['p=tls-exporter,,', EXPORTER, false, BOUND_OFFER, 'malformed-request'],
    ['n,,', new Uint8Array(0), true, BOUND_OFFER, 'malformed-request'],
    ['y,,', new Uint8Array(0), true, BOUND_OFFER, 'malformed-request'],
    ['n,,', new Uint8Array(0), false, BOUND_OFFER, 'success'],
    ['y,,', new Uint8Array(0), false, BOUND_OFFER, 'not-authorized'],
    ['y,,', new Uint8Array(0), false, PLAIN_OFFER, 'success'],
    ['n,,', EXPORTER, false, PLAIN_OFFER, 'not-authorized'],
  ])('%s with data of the right or wrong kind, -PLUS %s', async (header, data, plus, offer, expected) => {
    const context = makeContext({ credentials: await keysOf(), offer });
    expect(await conditionOf(run(client(header, data), 'SHA-1', plus, context))).toBe(expected);
  });
});
describe('what must fail', () => {
  it('a wrong password, a nonce that is not ours, a proof of the wrong length', async () => {
    const credentials = await keysOf();
    const wrong = new ScramClient({ hash: 'SHA-1', name: 'user', password: 'Pencil' });
    expect(await conditionOf(run(wrong, 'SHA-1', false, makeContext({ credentials })))).toBe('not-authorized');
    const right = new ScramClient({ hash: 'SHA-1', name: 'user', password: 'pencil' });
    const change = { nonce: 'fyko+d2lbbFgONRv9qkxdawL' };
    expect(await conditionOf(run(right, 'SHA-1', false, makeContext({ credentials }), change))).toBe('not-authorized');
    const scram = new Scram('SHA-1', false, makeContext({ credentials }));
    const [nonce] = text(await scram.step(Buffer.from(right.first()))).split(',');
    expect(await conditionOf(scram.step(Buffer.from(`c=biws,${nonce},p=AAAA`)))).toBe('not-authorized');
  });
  it.each([
    '',
    'x,,n=user,r=a',
    'n,n=user,r=a',
    'n,,n=user',
    'n,,r=a,n=user',
    'n,,n=,r=a',
    'n,,n=user,r=',
    'n,,m=must,n=user,r=a',
    'n,,n=user,r=a,',
    'n,,n=us=er,r=a',
    'n,,n=us=2cer,r=a',
    'n,a=,n=user,r=a',
    'n,,n=us\0er,r=a',
    'p=,,n=user,r=a',
    'n,,n=user,r=ä',
    `n,,n=${'u'.repeat(1024)},r=a`,
    `n,,n=user,r=${'a'.repeat(257)}`,
    `n,,n=user,r=a,x=${'y'.repeat(4096)}`,
  ])('malformed first message %j', async (message) => {
    expect(await conditionOf(new Scram('SHA-1', false, makeContext({})).step(Buffer.from(message)))).toBe(
      'malformed-request',
    );
  });
  it('a first message that is not UTF-8', async () => {
    const message = Buffer.concat([Buffer.from('n,,n=us'), Buffer.from([0xff]), Buffer.from('er,r=a')]);
    expect(await conditionOf(new Scram('SHA-1', false, makeContext({})).step(message))).toBe('malformed-request');
  });
  it.each([
    '',
    'c=biws',
    'c=biws,p=AAAA',
    'r=x,c=biws,p=AAAA',
    'c=biws,r=x,p=',
    'c=biws,r=x',
    'c=biws,r=x,p=AAAA,x=y',
    'c=,r=x,p=AAAA',
  ])('malformed final message %j', async (message) => {
    const scram = new Scram('SHA-1', false, makeContext({ credentials: await keysOf() }));
    await scram.step(Buffer.from('n,,n=user,r=a'));
    expect(await conditionOf(scram.step(Buffer.from(message)))).toBe('malformed-request');
  });
  it.each(['c=biw,r=x,p=AAAA', 'c=biws,r=x,p=A=AA'])('a final message %j with broken base64', async (message) => {
    const scram = new Scram('SHA-1', false, makeContext({ credentials: await keysOf() }));
    await scram.step(Buffer.from('n,,n=user,r=a'));
    expect(await conditionOf(scram.step(Buffer.from(message)))).toBe('incorrect-encoding');
  });
});
describe('unknown users', () => {
  const challengeFor = async (name, hash = 'SHA-1', secret = 1) => {
    const context = { ...makeContext({ credentials: await keysOf() }), secret: new Uint8Array(32).fill(secret) };
    return text(await new Scram(hash, false, context).step(Buffer.from(`n,,n=${name},r=a`)));
  };
  const saltOf = (challenge) => /s=([^,]*)/.exec(challenge)?.[1] ?? '';
  it('get a challenge like others: always the same salt for one name, another for each', async () => {
    const [nobody, again, capitals, other, hash, server] = await Promise.all([
      challengeFor('nobody'),
      challengeFor('nobody'),
      challengeFor('NOBODY'),
      challengeFor('noone'),
      challengeFor('nobody', 'SHA-256'),
      challengeFor('nobody', 'SHA-1', 2),
    ]);
    expect(nobody).toMatch(/^r=a[\w-]{24},s=[A-Za-z0-9+/]{22}==,i=4096,h=/);
    expect(saltOf(again)).toBe(saltOf(nobody));
    expect(saltOf(capitals)).toBe(saltOf(nobody));
    expect(new Set([nobody, other, hash, server].map(saltOf)).size).toBe(4);
  });
  it('also for names that cannot be one, and accounts without keys for this hash', async () => {
    for (const name of ['a b', 'user@elsewhere', 'user/r', 'user@localhost/r', '\u0001']) {
      expect(await challengeFor(name)).toMatch(/^r=a/);
      const client = new ScramClient({ hash: 'SHA-1', name, password: 'pencil' });
      expect(await conditionOf(run(client, 'SHA-1', false, makeContext({ credentials: await keysOf() })))).toBe(
        'not-authorized',
      );
    }
    const client = new ScramClient({ hash: 'SHA-256', name: 'user', password: 'pencil' });
    expect(await conditionOf(run(client, 'SHA-256', false, makeContext({ credentials: await keysOf() })))).toBe(
      'not-authorized',
    );
  });
  it('are looked up like others', async () => {
    const asked = [];
    await new Scram('SHA-1', false, makeContext({ asked })).step(Buffer.from('n,,n=nobody,r=a'));
    await new Scram('SHA-1', false, makeContext({ asked })).step(Buffer.from('n,,n=a b,r=a'));
    expect(asked).toEqual(['nobody@localhost', 'undefined']);
  });
});
