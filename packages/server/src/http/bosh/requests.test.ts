import { NS } from '@tutti/xmpp';
import { describe, expect, it, vi } from 'vitest';
import { message, setUp, watch } from '../../../test/bosh-stage.ts';

describe('XEP-0124 §14 request identifiers', () => {
  it('requests that overtake each other are handled in order', async () => {
    const { client, world, settle } = await setUp({ requests: 3 });
    await client.open("hold='2' wait='60'");
    const auth = Buffer.from('\0user\0pencil').toString('base64');
    await client.next(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${auth}</auth>`);
    await client.next('', "to='localhost' xmpp:restart='true'");
    await client.next(`<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`);
    const { rid, sid } = client;
    const say = (ahead: number) => client.request(`rid='${rid + ahead}' sid='${sid}'`, message(String(ahead)));
    void say(3).catch(() => undefined);
    await settle();
    void say(2).catch(() => undefined);
    await settle();
    expect(world.host.sessions[0]?.received).toEqual([]);
    void say(1).catch(() => undefined);
    await vi.waitUntil(() => world.host.sessions[0]?.received.length === 3, { timeout: 5000, interval: 2 });
    expect(world.host.sessions[0]?.received.map(({ attrs }) => attrs['id'])).toEqual(['1', '2', '3']);
  });

  it('§14.3 a lost answer is given again, and its request is not handled again', async () => {
    const { client, world } = await setUp();
    await client.logIn();
    const bound = await client.request(`rid='${client.rid}' sid='${client.sid}'`, message('again'));
    expect(bound.child('iq', NS.client)?.attrs['id']).toBe('b');
    expect(world.host.sessions[0]?.received).toEqual([]);
  });

  it('§14.3 a request that waits and comes again takes the place of the first', async () => {
    const { client, world, settle } = await setUp();
    await client.logIn();
    const aborting = new AbortController();
    const lost = watch(client.next(message('1'), '', { signal: aborting.signal }));
    await settle();
    aborting.abort();
    await expect(lost.answer).rejects.toThrow('aborted');
    world.host.binds[0]?.connection.write(Buffer.from(message('for you')));
    const again = await client.request(`rid='${client.rid}' sid='${client.sid}'`, message('1'));
    expect(again.elements[0]?.attrs['id']).toBe('for you');
    expect(world.host.sessions[0]?.received).toHaveLength(1);
  });

  it('what is to be told waits for a request that somebody listens to', async () => {
    const { client, world, settle } = await setUp();
    await client.logIn();
    const aborting = new AbortController();
    const lost = watch(client.next(message('1'), '', { signal: aborting.signal }));
    await settle();
    aborting.abort();
    await expect(lost.answer).rejects.toThrow('aborted');
    await settle();
    const { connection } = world.host.binds[0] ?? {};
    connection?.write(Buffer.from(message('for you')));
    await settle();
    expect(connection?.buffered).toBeGreaterThan(0);
    expect((await client.next(message('2'))).elements[0]?.attrs['id']).toBe('for you');
    await vi.waitUntil(() => connection?.buffered === 0, { timeout: 5000, interval: 2 });
    expect(world.host.sessions[0]?.events).toContain('drained');
  });

  it.each([
    ['beyond the window', 3],
    ['long gone', -10],
  ])('§14.2 a number %s ends the session', async (_, ahead) => {
    const { client, streams } = await setUp();
    await client.logIn();
    const answer = await client.request(`rid='${client.rid + ahead}' sid='${client.sid}'`);
    expect(answer.attrs).toMatchObject({ type: 'terminate', condition: 'item-not-found' });
    expect(streams.size).toBe(0);
  });

  it('§9 acknowledgements, where the client gives them', async () => {
    const { client, settle } = await setUp();
    await client.logIn("hold='1' wait='60' ack='1'");
    const first = client.next();
    await settle();
    void client.next(message('1'));
    expect((await first).attrs['ack']).toBe(String(client.rid));
    // What the client has is not kept any more.
    const bind = client.rid - 2;
    void client.next(message('2'), `ack='${bind}'`);
    await settle();
    const answer = await client.request(`rid='${bind}' sid='${client.sid}'`);
    expect(answer.attrs['condition']).toBe('item-not-found');
  });
});

describe('XEP-0124 §11 §12 overactivity', () => {
  it('more requests at a time than agreed: policy-violation', async () => {
    const { client, settle } = await setUp();
    await client.logIn();
    const { rid, sid } = client;
    const ahead = (n: number) => client.request(`rid='${rid + n}' sid='${sid}'`, message(String(n)));
    // The first is missing, so the others have to wait.
    const second = ahead(2);
    await settle();
    const third = await ahead(3);
    expect(third.attrs['condition']).toBe('item-not-found');
    expect((await second).attrs['type']).toBe('terminate');
  });

  it.each([
    [1999, ['policy-violation']],
    [2000, []],
  ])('an empty request beside one that waits, after %i ms', async (ms, conditions) => {
    const { client, clock, settle } = await setUp();
    await client.logIn();
    void client.next();
    await settle();
    clock.advance(ms);
    const told: (string | undefined)[] = [];
    void client.next().then(({ attrs }) => told.push(attrs['condition']));
    await settle();
    expect(told).toEqual(conditions);
  });

  it('an empty request that was overtaken by the next is none too many', async () => {
    const { client, settle } = await setUp();
    await client.logIn();
    const { rid, sid } = client;
    const second = watch(client.request(`rid='${rid + 2}' sid='${sid}'`, message('2')));
    await settle();
    const first = await client.request(`rid='${rid + 1}' sid='${sid}'`);
    expect(first.attrs['type']).toBeUndefined();
    expect(second.isDone()).toBe(false);
  });

  it.each([
    [1999, 'policy-violation'],
    [2000, undefined],
  ])('§12 two empty polls with %i ms between them', async (ms, condition) => {
    const { client, clock } = await setUp();
    await client.open("hold='0' wait='0'");
    clock.advance(2000);
    await client.next();
    clock.advance(ms);
    expect((await client.next()).attrs['condition']).toBe(condition);
  });

  it('polling 0: as often as it likes', async () => {
    const { client } = await setUp({ polling: 0 });
    await client.open("hold='0' wait='0'");
    for (let n = 0; n < 10; n += 1) expect((await client.next()).attrs['type']).toBeUndefined();
  });
});
