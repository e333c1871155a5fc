import type { Socket } from 'node:net';
import { addressBlock, isLoopback } from '../stream/address.ts';

/** How many HTTP connections there may be; 0 = no limit. Read for each. */
export interface HttpConnectionLimits {
  /** Of one address (IPv6: of one /64). */
  readonly perAddress: number;
  readonly all: number;
  /** A reverse proxy on this machine speaks for everybody: its connections count together only. */
  readonly behindProxy: boolean;
  /** Is told which limit a connection was refused by. */
  readonly refused?: (limit: 'perAddress' | 'all') => void;
}

/** Counts HTTP connections from their first byte to their last, or until a WebSocket is made of one: then it counts as a stream. */
export class HttpConnections {
  readonly #limits: HttpConnectionLimits;
  readonly #byAddress = new Map<string, number>();
  readonly #leave = new WeakMap<object, () => void>();
  #open = 0;

  constructor(limits: HttpConnectionLimits) {
    this.#limits = limits;
  }

  /** Connections that are counted now. */
  get open(): number {
    return this.#open;
  }

  /** False: it would be one too many. */
  admit(socket: Socket): boolean {
    const { perAddress, all, behindProxy, refused } = this.#limits;
    const address = socket.remoteAddress ?? '';
    const key = behindProxy && isLoopback(address) ? undefined : addressBlock(address);
    const count = key === undefined ? 0 : (this.#byAddress.get(key) ?? 0);
    const full =
      perAddress > 0 && count >= perAddress ? 'perAddress' : all > 0 && this.#open >= all ? 'all' : undefined;
    if (full !== undefined) {
      refused?.(full);
      return false;
    }
    this.#open += 1;
    if (key !== undefined) this.#byAddress.set(key, count + 1);
    const leave = (): void => {
      if (!this.#leave.delete(socket)) return;
      this.#open -= 1;
      if (key !== undefined) this.#forgetOne(key);
    };
    this.#leave.set(socket, leave);
    socket.once('close', leave);
    return true;
  }

  /** It is something else now. */
  release(socket: object): void {
    this.#leave.get(socket)?.();
  }

  #forgetOne(key: string): void {
    const left = (this.#byAddress.get(key) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(key);
    else this.#byAddress.set(key, left);
  }
}
