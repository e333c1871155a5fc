import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The way from a browser to the server, which tests interrupt. Its port is the page's: without it nothing comes from the server. */
export class Network {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isDown = false;

  private constructor(target: number) {
    this.#server = createServer((browser) => {
      if (this.#isDown) return void browser.destroy();
      const server = connect(target, '127.0.0.1');
      for (const [from, to] of [[browser, server] as const, [server, browser] as const]) {
        this.#sockets.add(from);
        from.pipe(to);
        // Its end follows.
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
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

  /** Breaks all connections, and lets none come until `restore`. */
  cut(): void {
    this.#isDown = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#isDown = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
