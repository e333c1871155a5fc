import { describe, expect, it } from 'vitest';
import { chooseLanguage, languages } from '../text/language.ts';
import { TimeWriter } from '../text/time.ts';
import { readAddress } from './address.ts';
import { describeBrowser } from './devices.ts';
import { readInvitation } from './invitation.ts';
import { fold } from './search.ts';

describe('an invitation link', () => {
  it('XEP-0379 §3.3 XEP-0445 §2.3: of a contact, with an account', () => {
    expect(readInvitation('#alice@example.org?roster;preauth=T0ken;ibr=y;name=Alice+A%C3%A4', 'x')).toEqual({
      token: 'T0ken',
      address: 'alice@example.org',
      registerAt: 'example.org',
      username: undefined,
      from: 'alice@example.org',
      fromName: 'Alice Aä',
    });
  });
  it('XEP-0379: of a contact, without an account', () => {
    expect(readInvitation('#xmpp:alice@example.org?roster;preauth=T', 'x')).toMatchObject({
      registerAt: undefined,
      from: 'alice@example.org',
    });
  });
  it('XEP-0445 §2.1, §2.2: of a server, with a name set aside or without', () => {
    expect(readInvitation('#juliet@example.org?register;preauth=T', 'x')).toMatchObject({
      registerAt: 'example.org',
      username: 'juliet',
      from: undefined,
    });
    expect(readInvitation('#example.org?register;preauth=T', 'x')).toMatchObject({ username: undefined });
  });
  it('XEP-0401 §5.1: a token alone is one of the page’s domain', () => {
    expect(readInvitation('#abcdefgh1234', 'example.org')).toMatchObject({
      registerAt: 'example.org',
      token: 'abcdefgh1234',
    });
  });
  it.each([
    '',
    '#',
    '#/c/bob%40example.org',
    '#/settings',
    '#a@b?message;body=x',
    '#a@b?roster',
    '#?roster;preauth=T',
    '#%E0%A4%A?x',
  ])('%s is none', (fragment) => expect(readInvitation(fragment, 'x')).toBeUndefined());
});

describe('an address that somebody wrote', () => {
  it.each([
    ['bob', 'bob@example.org'],
    [' Bob@Other.example ', 'bob@other.example'],
    ['xmpp:bob@other.example', 'bob@other.example'],
    ['Jürgen', 'jürgen@example.org'],
  ])('%s is %s', (text, expected) => expect(readAddress(text, 'example.org')?.bare).toBe(expected));
  it.each(['', '@', 'a@', '@b', 'a b', 'a@b/c', 'a@b@c', 'a/b'])('%s is none', (text) => {
    expect(readAddress(text, 'example.org')).toBeUndefined();
  });
});

describe('languages', () => {
  it.each([
    [['de-AT', 'en'], 'de'],
    [['fr', 'de'], 'de'],
    [['fr'], 'en'],
    [[], 'en'],
    [['constructor'], 'en'],
  ])('of %j it is %s', (wanted, expected) => expect(chooseLanguage(wanted)).toBe(expected));

  it('say everything, and each in words of its own', () => {
    const { en, de } = languages;
    expect(Object.keys(de)).toEqual(Object.keys(en));
    expect(Object.keys(de.state)).toEqual(Object.keys(en.state));
    expect(Object.keys(de.failure)).toEqual(Object.keys(en.failure));
    expect(en.unread(1)).toBe('1 unread message');
    expect(en.unread(2)).toBe('2 unread messages');
    expect(de.unread(1)).toBe('1 ungelesene Nachricht');
  });
});

describe('times', () => {
  const at = (text: string): number => Date.parse(text);
  const now = at('2026-03-10T12:00:00');
  const times = new TimeWriter('en-GB');
  it('are said shortly, by how long ago they are', () => {
    expect(times.short(at('2026-03-10T09:05:00'), now)).toBe('09:05');
    expect(times.short(at('2026-03-08T09:05:00'), now)).toBe('Sun');
    expect(times.short(at('2026-01-08T09:05:00'), now)).toBe('08/01/2026');
  });
  it('name the day', () => {
    expect(times.day(at('2026-03-10T00:00:00'), now)).toBe('Today');
    expect(times.day(at('2026-03-09T23:59:00'), now)).toBe('Yesterday');
    expect(times.day(at('2026-03-08T23:59:00'), now)).toBe('Sunday 8 March');
  });
  it.each([
    [0, 'this minute'],
    [5, '5 minutes ago'],
    [120, '2 hours ago'],
    [60 * 24 * 3, '3 days ago'],
  ])('%i minutes ago', (minutes, expected) => expect(times.ago(now - minutes * 60_000, now)).toBe(expected));
});

describe('searching', () => {
  it('takes no notice of case and accents', () => {
    expect(fold('Straße ÀÉ')).toBe(fold('straße ae'));
  });
});

describe('the name of a browser', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox, Linux'],
    [
      'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36',
      'Chrome, Android',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
      'Edge, Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1',
      'Safari, iPhone',
    ],
    ['curl', ''],
  ])('%s', (userAgent, expected) => expect(describeBrowser(userAgent)).toBe(expected));
});
