import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load.ts';
import { readPolicy } from './policy.ts';

const policy = (domain: string, ...settings: string[]) => {
  return readPolicy(loadConfig({ cwd: '/', settings, environment: {} }).config.s2s, domain);
};

describe('the policy for a remote domain', () => {
  it('by default everybody, over TLS, with a valid certificate', () => {
    expect(policy('example.net')).toEqual({
      refusal: undefined,
      requireTls: true,
      requireValidCertificate: true,
      target: undefined,
    });
  });

  it.each([
    ['a.example.net', true],
    ['b.a.example.net', true],
    ['example.net', false],
    ['aexample.net', false],
  ])('block *.example.net: %s is refused: %s', (domain, isRefused) => {
    expect(policy(domain, 's2s.block=*.example.net').refusal !== undefined).toBe(isRefused);
  });

  it('allow: nobody else; block wins', () => {
    const settings = ['s2s.allow=friend.example,*.friend.example', 's2s.block=bad.friend.example'];
    expect(policy('friend.example', ...settings).refusal).toBeUndefined();
    expect(policy('chat.friend.example', ...settings).refusal).toBeUndefined();
    expect(policy('stranger.example', ...settings).refusal).toBe('stranger.example is not allowed here');
    expect(policy('bad.friend.example', ...settings).refusal).toBe('bad.friend.example is blocked here');
  });

  it('takes the nearest rule: the domain, a wildcard, another one, "*"', () => {
    const settings = [
      's2s.domains."*".require_tls=false',
      's2s.domains."*.example.net".target=10.0.0.1:1',
      's2s.domains."*.a.example.net".target=10.0.0.2:2',
      's2s.domains."b.a.example.net".target=[::1]:3',
      's2s.domains."b.a.example.net".direct_tls=true',
    ];
    expect(policy('elsewhere.example', ...settings)).toMatchObject({ requireTls: false, target: undefined });
    expect(policy('x.example.net', ...settings)).toMatchObject({
      requireTls: true,
      target: { host: '10.0.0.1', port: 1, directTls: false },
    });
    expect(policy('x.a.example.net', ...settings).target).toMatchObject({ host: '10.0.0.2', port: 2 });
    expect(policy('b.a.example.net', ...settings).target).toEqual({ host: '::1', port: 3, directTls: true });
  });

  it.each([
    's2s.domains."x".target=nowhere',
    's2s.domains."x".target=a:0',
    's2s.domains."x".target=a:65536',
    's2s.domains."x".target=[1.2.3.4]:5',
    's2s.allow=a b',
    's2s.dns_servers=dns.example',
  ])('%s is no configuration', (setting) => {
    expect(() => policy('x', setting)).toThrow(/s2s\./);
  });
});
