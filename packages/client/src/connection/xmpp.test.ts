import { describe, expect, it } from 'vitest';
import { isThisMachine } from './xmpp.ts';

describe('RFC 6761 §6.3 this machine, where a password may go in the clear', () => {
  it.each([
    ['ws://alice-phone.localhost:5280/xmpp-websocket', true],
    ['ws://localhost.example/xmpp-websocket', false],
    ['ws://notlocalhost/xmpp-websocket', false],
    ['ws://example.org/?.localhost', false],
    ['localhost', false],
  ])('%s: %s', (service, expected) => expect(isThisMachine(service)).toBe(expected));
});
