import { describe, expect, it } from 'vitest';
import { MemoryTransport } from '../../test/stream/memory-transport.ts';
import { HEADER, plainAuth, PASSWORD, settle, TestClient, World } from '../../test/stream/world.ts';

/** A peer that reads nothing until it is told to. */
class DeafTransport extends MemoryTransport {
  #unread = 0;

  override get buffered(): number {
    return this.#unread;
  }

  override write(bytes: Uint8Array): void {
    super.write(bytes);
    this.#unread += bytes.length;
  }

  read(): string {
    this.#unread = 0;
    const text = this.take().join('');
    this.handler.drained();
    return text;
  }
}

const ENABLE = "<enable xmlns='urn:xmpp:sm:3'/>";

async function connect(): Promise<{ client: TestClient; transport: DeafTransport }> {
  const world = new World();
  await world.addAccounts();
  const transport = new DeafTransport();
  return { client: new TestClient(world, transport), transport };
}

describe('who asks without a session and takes no answers', () => {
  it('is not read before the answers are taken; nothing is lost', async () => {
    const { transport } = await connect();
    transport.receive(HEADER);
    await settle();
    transport.receive(ENABLE.repeat(5000));
    transport.receive(ENABLE);
    await settle();
    expect(transport.buffered).toBeGreaterThan(60_000);
    expect(transport.buffered).toBeLessThan(80_000);
    expect(transport.paused).toBe(true);
    let answers = 0;
    for (let turn = 0; turn < 20; turn += 1) {
      answers += transport.read().split('<failed').length - 1;
      await settle();
    }
    expect(answers).toBe(5001);
    expect(transport.paused).toBe(false);
  });

  it('is answered as usual where it reads', async () => {
    const { client, transport } = await connect();
    transport.receive(HEADER);
    await settle();
    transport.read();
    transport.receive(ENABLE.repeat(5000));
    while (transport.read() !== '') await settle();
    transport.receive(plainAuth('user', PASSWORD));
    await client.hear();
    transport.receive(HEADER);
    await settle();
    expect(transport.read()).toContain('<bind');
    transport.receive(ENABLE.repeat(5000));
    await settle();
    expect(transport.buffered).toBeLessThan(80_000);
  });

  it('with a session it is the session that bounds what waits', async () => {
    const { client, transport } = await connect();
    await client.logIn();
    transport.write(new Uint8Array(100_000));
    transport.receive('<message/>');
    await settle();
    expect(transport.paused).toBe(false);
  });
});
