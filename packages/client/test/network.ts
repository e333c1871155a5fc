import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The way from a device to a server, which tests interrupt. */
export class Network {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isDown = false;

  private constructor(target: number) {
    this.#server = createServer((device) => {
      if (this.#isDown) {
        device.destroy();
        return;
      }
      const server = connect(target, '127.0.0.1');
      const pair = [device, server] as const;
      this.#pairs.add(pair);
      for (const [one, other] of [pair, [server, device]] as const) {
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          other.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
  }

  /** A way to a port of loopback. */
  static async to(target: number): Promise<Network> {
    const network = new Network(target);
    network.#server.listen(0, '127.0.0.1');
    await once(network.#server, 'listening');
    return network;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks all connections, with whatever is on its way. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** Breaks all connections and lets none come until `restore`. */
  fail(): void {
    this.#isDown = true;
    this.cut();
  }

  restore(): void {
    this.#isDown = false;
  }

  /** What devices say still arrives; what is said to them is lost. Ends with the connections. */
  deafen(): void {
    for (const [device, server] of this.#pairs) {
      server.unpipe(device);
      server.resume();
    }
  }

  async close(): Promise<void> {
    this.fail();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
