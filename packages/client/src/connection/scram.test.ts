import { describe, expect, it } from 'vitest';
import { chooseMechanism, Scram, toBinary } from './scram.ts';

const pencil = { username: 'user', password: 'pencil' };

describe('SCRAM', () => {
  it('RFC 7677 §3: SHA-256, the example', async () => {
    const scram = new Scram('SHA-256', 'rOprNGfwEbeRWgbNEkqO');
    expect(await scram.response(pencil)).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
    scram.challenge('r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096');
    expect(await scram.response(pencil)).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    );
    expect(() => scram.final('v=AAAAbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndV=')).toThrow('does not know');
    expect(() => scram.final('')).toThrow('does not know');
    scram.final('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  });

  it('RFC 5802 §5: SHA-1, the example', async () => {
    const scram = new Scram('SHA-1', 'fyko+d2lbbFgONRv9qkxdawL');
    expect(await scram.response(pencil)).toBe('n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL');
    scram.challenge('r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096');
    expect(await scram.response(pencil)).toBe(
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    );
    scram.final('v=rmF9pqV8S7suAoZWja4dJRkFsKQ=');
  });

  it.each([
    ['a nonce that is not ours', 'r=other,s=QSXCR+Q6sek8bf92,i=4096', 'not for this login'],
    ['our nonce alone', 'r=own,s=QSXCR+Q6sek8bf92,i=4096', 'not for this login'],
    ['no iterations', 'r=own1,s=QSXCR+Q6sek8bf92,i=0', 'out of bounds'],
    ['more iterations than anybody needs', 'r=own1,s=QSXCR+Q6sek8bf92,i=10000001', 'out of bounds'],
    ['an extension that is not known', 'm=x,r=own1,s=QSXCR+Q6sek8bf92,i=4096', 'not for this login'],
  ])('RFC 5802 §5.1 refuses %s', async (_, challenge, problem) => {
    const scram = new Scram('SHA-256', 'own');
    await scram.response(pencil);
    scram.challenge(challenge);
    await expect(scram.response(pencil)).rejects.toThrow(problem);
  });

  it('RFC 5802 §5.1 a name with what separates is escaped, and is in UTF-8', async () => {
    const username = toBinary('jürgen=,');
    expect(await new Scram('SHA-256', 'x').response({ username, password: '' })).toBe(
      toBinary('n,,n=jürgen=3D=2C,r=x'),
    );
  });
});

describe('the mechanism to log in with', () => {
  it.each([
    [['SCRAM-SHA-1', 'PLAIN', 'SCRAM-SHA-256'], true, 'SCRAM-SHA-256'],
    [['SCRAM-SHA-1', 'SCRAM-SHA-512'], false, 'SCRAM-SHA-512'],
    [['PLAIN'], true, 'PLAIN'],
    [['PLAIN'], false, undefined],
    [['ANONYMOUS'], true, undefined],
  ])('of %j, in the clear %s: %s', (offered, isSafe, expected) => {
    expect(chooseMechanism(offered, isSafe)).toBe(expected);
  });
});
