import { NS, StreamError } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { HEADER, OPEN, PASSWORD, plainAuth, settle, streamError, World } from '../../test/stream/world.ts';

const BIND = `<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`;
const CLOSE = '</stream:stream>';

describe('flow', () => {
  it('hands over nothing while the session pauses, and everything in order after', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    const session = world.host.sessions[0]!;
    client.stream.pause();
    expect(client.transport.paused).toBe(true);
    client.transport.receive("<message id='1'/><message id='2'/>");
    client.transport.receive("<message id='3'/>");
    await settle();
    expect(session.received).toEqual([]);
    client.stream.resume();
    expect(session.received.map((element) => element.attrs['id'])).toEqual(['1', '2', '3']);
    expect(client.transport.paused).toBe(false);
  });

  it('stops in the middle of a packet when the session pauses or closes', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    const session = world.host.sessions[0]!;
    session.receive = (element) => {
      session.received.push(element);
      if (element.attrs['id'] === '1') client.stream.pause();
      else client.stream.close(new StreamError('conflict'));
    };
    client.transport.receive("<message id='1'/><message id='2'/><message id='3'/>");
    expect(session.received).toHaveLength(1);
    client.stream.resume();
    expect(session.received).toHaveLength(2);
    expect(await client.hear()).toBe(streamError('conflict'));
  });

  it('RFC 6120 §6.4.6 a new header may follow the last response in the same packet', async () => {
    const client = await new World().connect();
    await client.open();
    const answer = await client.say(plainAuth('user', PASSWORD) + HEADER + BIND);
    expect(answer).toMatch(/<success [^>]*\/><\?xml.*<\/stream:features><iq .*user@localhost\/made/s);
  });

  it('what a session throws ends the stream: a stream error as it is, a fault as internal-server-error', async () => {
    for (const [thrown, condition] of [
      [new StreamError('policy-violation'), 'policy-violation'],
      [new Error('oops'), 'internal-server-error'],
    ] as const) {
      const world = new World();
      const client = await world.connect();
      await client.logIn();
      world.host.sessions[0]!.receive = () => {
        throw thrown;
      };
      expect(await client.say('<message/>')).toBe(streamError(condition));
    }
  });
});

describe('RFC 6120 §4.4 the end of a stream', () => {
  it('the client closes: the server closes too, and the session ends cleanly', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    expect(await client.say(CLOSE)).toBe(CLOSE);
    expect(client.transport.ended).toBe(true);
    expect(world.host.sessions[0]?.events).toEqual(['closed']);
  });

  it('the server closes: it waits for the client, but not for ever', async () => {
    const world = new World();
    const [quick, slow] = [await world.connect(), await world.connect()];
    await quick.logIn('user', 'quick');
    await slow.logIn('user', 'slow');
    quick.stream.close();
    slow.stream.close();
    expect(await quick.hear()).toBe(CLOSE);
    expect(await quick.say(`<message/>${CLOSE}`)).toBe('');
    expect(quick.transport.ended).toBe(true);
    expect(world.host.sessions[0]).toMatchObject({ received: [], events: ['closed'] });
    world.clock.turn(4999);
    expect(slow.transport.ended).toBe(false);
    world.clock.turn(1);
    await settle();
    expect(slow.transport.ended).toBe(true);
    expect(world.host.sessions[1]?.events).toEqual(['cut']);
  });

  it('the connection is cut: the session is told once', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    client.transport.cut();
    await settle();
    client.stream.close();
    expect(world.host.sessions[0]?.events).toEqual(['cut']);
    expect(world.clock.pending).toBe(0);
  });

  it('the client sends a stream error: the server closes, and the session may be resumed', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    expect(await client.say(`<stream:error><reset xmlns='${NS.streams}'/></stream:error>`)).toBe(CLOSE);
    expect(world.host.sessions[0]?.events).toEqual(['cut']);
  });

  it('on a stream that was never opened the end comes with a header', async () => {
    const client = await new World().connect();
    client.stream.close(new StreamError('system-shutdown'));
    expect(await client.hear()).toMatch(/^<\?xml.* from='' .*><stream:error><system-shutdown .*<\/stream:stream>$/s);
  });
});

describe('RFC 7395 framing', () => {
  it('the same dialogue, each element a document of its own', async () => {
    const world = new World();
    const client = await world.connect({ framing: 'document' });
    client.transport.receive(OPEN);
    await settle();
    const [open, features] = client.transport.take();
    expect(open).toMatch(
      /^<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='localhost' id='[\w-]{22}' version='1\.0' xml:lang='en'\/>$/,
    );
    expect(features).toMatch(
      /^<stream:features xmlns:stream='http:\/\/etherx\.jabber\.org\/streams'><mechanisms xmlns=/,
    );
    await client.say(plainAuth('user', PASSWORD));
    await client.say(OPEN);
    const bound = await client.say(`<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`);
    expect(bound).toMatch(/^<iq xmlns='jabber:client' id='b' type='result'>/);
    expect(await client.say(`<close xmlns='${NS.framing}'/>`)).toBe(`<close xmlns='${NS.framing}'/>`);
    expect(world.host.sessions[0]?.events).toEqual(['closed']);
  });
});
