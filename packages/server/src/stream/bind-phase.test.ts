import { NS, StanzaError } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { INCARNATION, PASSWORD, plainAuth, settle, streamError, World } from '../../test/stream/world.ts';

const BIND = `<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`;

describe('RFC 6120 §7 binding', () => {
  it('gives the resource that is asked for, and hands over what follows', async () => {
    const world = new World();
    const client = await world.connect();
    expect(await client.logIn('user', 'balcony')).toBe('user@localhost/balcony');
    expect(world.host.binds[0]?.identity).toMatchObject({ mechanism: 'PLAIN', incarnation: INCARNATION });
    await client.say("<message id='1'/><presence/><r xmlns='urn:xmpp:sm:3'/>");
    expect(world.host.sessions[0]?.received.map((element) => element.name)).toEqual(['message', 'presence', 'r']);
  });

  it('§7.7.2 a refusal is a stanza error, and the client may try again', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    world.host.refuseBind = new StanzaError('resource-constraint', { type: 'wait' });
    expect(await client.say(BIND)).toBe(
      `<iq id='b' type='error'><error type='wait'><resource-constraint xmlns='${NS.stanzas}'/></error></iq>`,
    );
    world.host.refuseBind = undefined;
    expect(await client.say(BIND)).toContain('<jid>user@localhost/made</jid>');
  });

  it('RFC 3921 §3 answers a request for a session right after it, and only there', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    const request = `<iq type='set' id='s'><session xmlns='${NS.session}'/></iq>`;
    expect(await client.say(request)).toBe("<iq id='s' type='result'/>");
    expect(await client.say(request)).toBe('');
    expect(world.host.sessions[0]?.received).toHaveLength(1);
  });

  it('writes the answer before anything that the session writes meanwhile', async () => {
    const world = new World();
    world.host.whileBinding = (_session, connection) => connection.write(new TextEncoder().encode('<message/>'));
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    expect(await client.say(BIND)).toMatch(/^<iq .*<\/iq><message\/>$/);
  });

  it('a session that is made after the connection has gone is told so', async () => {
    const world = new World();
    let finish = () => undefined as void;
    world.host.whileBinding = () => new Promise<void>((resolve) => (finish = resolve));
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    client.transport.receive(BIND);
    await settle();
    client.transport.cut();
    await settle();
    finish();
    await settle();
    expect(world.host.sessions[0]?.events).toEqual(['cut']);
  });

  it('a fault while binding ends the stream with internal-server-error', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    world.host.refuseBind = new Error('disk on fire');
    expect(await client.say(BIND)).toBe(streamError('internal-server-error'));
  });
});

describe('XEP-0198 §5 resumption', () => {
  it('takes the session over, and starts it after <resumed/>', async () => {
    const world = new World();
    const first = await world.connect();
    await first.logIn();
    world.host.resumable.set('sm1', world.host.sessions[0]!);
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    expect(await client.say(`<resume xmlns='${NS.sm}' previd='sm1' h='3'/>`)).toBe(
      `<resumed xmlns='${NS.sm}' previd='sm1' h='7'/><message xmlns='jabber:client' id='again'/>`,
    );
    await client.say('<message/>');
    expect(world.host.sessions[0]?.received).toHaveLength(1);
  });

  it('fails for a session of somebody else; then the client may bind', async () => {
    const world = new World();
    const first = await world.connect();
    await first.logIn('other');
    world.host.resumable.set('sm1', world.host.sessions[0]!);
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    expect(await client.say(`<resume xmlns='${NS.sm}' previd='sm1' h='0'/>`)).toContain('<item-not-found ');
    expect(await client.say(BIND)).toContain('<jid>user@localhost/made</jid>');
  });
});

describe('the log', () => {
  it('tells which session came over which connection, by either way of binding, and how it went', async () => {
    const lines: object[] = [];
    const note = (fields: object, message: string): void => void lines.push({ ...fields, message });
    const logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
    const world = new World({ stream: { logger } });
    const first = await world.connect();
    await first.logIn();
    await first.say('</stream:stream>');
    const second = await world.connect();
    await second.open();
    await second.say(
      `<authenticate xmlns='${NS.sasl2}' mechanism='PLAIN'><initial-response>${btoa(`\0user\0${PASSWORD}`)}</initial-response>` +
        `<bind xmlns='${NS.bind2}'/></authenticate>`,
    );
    second.transport.cut();
    await settle();
    const [one, other] = [{ session: 'user@localhost/r' }, { session: 'user@localhost/made' }];
    expect(lines).toMatchObject([
      { ...one, message: 'connected', connection: first.stream.id, account: 'user@localhost', mechanism: 'PLAIN' },
      { ...one, message: 'disconnected', connection: first.stream.id, clean: true },
      { ...other, message: 'connected', connection: second.stream.id, account: 'user@localhost', mechanism: 'PLAIN' },
      { ...other, message: 'disconnected', connection: second.stream.id, clean: false },
    ]);
    expect(JSON.stringify(lines)).not.toContain(PASSWORD);
  });
});
