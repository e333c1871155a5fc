import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { Archive } from './archive.ts';
import { systemClock } from './environment.ts';
import { Expected } from './expected.ts';
import { type Incoming, readIncoming } from './incoming.ts';
import { Journal } from './journal.ts';
import { Outbox } from './outbox.ts';
import { Session } from './session.ts';
import { memoryStore } from './store/memory.ts';
import { Timelines } from './timelines.ts';

const own = 'alice@example.org';

/** A message of Bob's with its archive id, `composing` where there is no text. */
function bobSays(id: string, text?: string): Element {
  const said = text === undefined ? xml('composing', { xmlns: NS.chatStates }) : xml('body', null, text);
  return xml(
    'message',
    { xmlns: NS.client, from: 'bob@example.org/x', to: own, type: 'chat', id },
    said,
    xml('stanza-id', { xmlns: NS.sid, by: own, id }),
  );
}

/** A session against a server that has `features`, and answers a query of the archive with what `read` gives: the live messages of that moment can come in between. */
function setUp(features: readonly string[], read: (session: Session) => readonly Element[]) {
  const requests: string[] = [];
  const troubles: string[] = [];
  const journal = new Journal(memoryStore(), (error) => {
    throw error;
  });
  journal.open();
  const unused = (): Promise<void> => Promise.reject(new Error('nothing is sent'));
  const outbox = new Outbox({
    account: own,
    journal,
    clock: systemClock,
    isOpen: () => false,
    send: unused,
    changed: () => undefined,
  });
  const timelines = new Timelines({
    account: own,
    journal,
    outbox,
    clock: systemClock,
    sendChatState: unused,
    added: () => undefined,
    displayed: () => undefined,
    changed: () => undefined,
  });
  const request = (iq: Element): Promise<Element> => {
    const [payload] = iq.elements;
    const { name = '', ns = '' } = payload ?? {};
    requests.push(`${name} ${ns}`);
    if (ns === NS.discoInfo) {
      return Promise.resolve(
        xml('iq', null, xml('query', { xmlns: ns }, ...features.map((feature) => xml('feature', { var: feature })))),
      );
    }
    if (ns === NS.carbons) return Promise.reject(new StanzaError('service-unavailable'));
    if (ns !== NS.mam) return Promise.resolve(xml('iq'));
    for (const message of read(session)) {
      const id = message.child('stanza-id', NS.sid)?.attrs['id'];
      const result = xml(
        'result',
        { xmlns: NS.mam, queryid: payload?.attrs['queryid'], id },
        xml('forwarded', { xmlns: NS.forward }, message),
      );
      archive.take(
        readIncoming(xml('message', { xmlns: NS.client }, result), own) as Extract<Incoming, { kind: 'result' }>,
      );
    }
    return Promise.resolve(xml('iq', null, xml('fin', { xmlns: NS.mam, complete: 'true' })));
  };
  const archive = new Archive(request, own, 0);
  const session: Session = new Session({
    account: own,
    request,
    archive,
    timelines,
    expected: new Expected(own),
    history: 'all',
    lateMs: 10_000,
    enabled: (mode) => requests.push(`enabled ${mode}`),
    progress: () => undefined,
    troubled: (error) => troubles.push(error.message),
  });
  const live = (message: Element): void => {
    const incoming = readIncoming(message, own);
    if (incoming.kind === 'archived') session.take(incoming.row);
  };
  const shown = async (): Promise<string[]> => {
    await journal.settle();
    return timelines.conversation('bob@example.org').entries.map(({ id }) => id);
  };
  return { session, timelines, requests, troubles, live, shown };
}

const imNg = [NS.mam, NS.mamExtended, NS.imNg];

describe('a session', () => {
  it('K1: finds out, switches IM-NG on, says so, and reads then; never Carbons', async () => {
    const { session, requests } = setUp(imNg, () => []);
    await session.run();
    expect(requests).toEqual([`query ${NS.discoInfo}`, `enable ${NS.imNg}`, 'enabled im-ng', `query ${NS.mam}`]);
  });

  it('without IM-NG, Carbons; without those too it goes on and says so', async () => {
    const { session, requests, troubles } = setUp([NS.mam], () => []);
    await session.run();
    expect(requests).toEqual([
      `query ${NS.discoInfo}`,
      `enable ${NS.carbons}`,
      'enabled legacy',
      ...Array(2).fill(`query ${NS.mam}`),
    ]);
    expect(troubles).toEqual(['service-unavailable']);
  });

  it('without an archive there is no timeline', async () => {
    await expect(setUp([NS.imNg], () => []).session.run()).rejects.toMatchObject({ condition: 'no-archive' });
  });

  it.each([
    [
      'comes live while the archive is read, and is not in the answer',
      ['a', 'b'],
      ['c', 'd'],
      [],
      ['a', 'b', 'c', 'd'],
    ],
    ['is in both', ['a', 'b', 'c'], ['b', 'c', 'd'], [], ['a', 'b', 'c', 'd']],
    ['is in the answer first and comes live behind it', ['a', 'b', 'c'], [], ['b', 'c', 'd'], ['a', 'b', 'c', 'd']],
    ['comes live only', [], ['a'], ['b'], ['a', 'b']],
  ])('K5: what %s is there once, in archive order', async (_, archived, during, after, expected) => {
    const { session, live, shown } = setUp(imNg, () => {
      for (const id of during) live(bobSays(id, id));
      return archived.map((id) => bobSays(id, id));
    });
    await session.run();
    for (const id of after) live(bobSays(id, id));
    expect(await shown()).toEqual(expected);
  });

  it('A7: what is not kept moves the place on, and comes again without harm', async () => {
    const { session, live, shown, timelines } = setUp(imNg, () => {
      live(bobSays('b'));
      live(bobSays('c', 'text'));
      return [bobSays('a', 'text'), bobSays('b'), bobSays('c', 'text')];
    });
    await session.run();
    expect(timelines.cursor).toBe('c');
    live(bobSays('d'));
    expect(timelines.cursor).toBe('d');
    expect(await shown()).toEqual(['a', 'c']);
  });

  it('can be tried again after a failure: what came live meanwhile is not lost', async () => {
    let isDown = true;
    const { session, live, shown } = setUp(imNg, () => {
      if (!isDown) return [bobSays('a', 'text')];
      live(bobSays('b', 'text'));
      throw new StanzaError('resource-constraint');
    });
    await expect(session.run()).rejects.toMatchObject({ condition: 'resource-constraint' });
    expect(await shown()).toEqual([]);
    isDown = false;
    await session.run();
    expect(await shown()).toEqual(['a', 'b']);
  });

  it('without IM-NG what comes live is left to the archive', async () => {
    const { session, live, shown } = setUp([NS.mam], () => [bobSays('a', 'text')]);
    await session.run();
    live(bobSays('z', 'text'));
    expect(await shown()).toEqual(['a']);
  });
});
