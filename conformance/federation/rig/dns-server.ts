import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** What a name has in the DNS of a test. */
export type DnsRecord =
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'AAAA'; readonly address: string }
  | {
      readonly type: 'SRV';
      readonly priority?: number;
      readonly weight?: number;
      readonly port: number;
      readonly target: string;
    };

const TYPES = new Map<number, DnsRecord['type']>([
  [1, 'A'],
  [28, 'AAAA'],
  [33, 'SRV'],
]);
const CODES = { A: 1, AAAA: 28, SRV: 33 } as const;
const NO_SUCH_NAME = 3;
const SERVER_FAILURE = 2;

/** A DNS server on a port of the loopback (RFC 1035, RFC 2782): it knows what it is told, and says of every other name that there is none. */
export class DnsServer implements Disposable {
  readonly #socket: Socket;
  readonly #records = new Map<string, DnsRecord[]>();
  /** Names under which it answers with an error. */
  readonly broken = new Set<string>();
  /** What was asked: "SRV _xmpp-server._tcp.a.test". */
  readonly questions: string[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (message, { port, address }) => {
      const answer = this.#answer(message);
      if (answer !== undefined) socket.send(answer, port, address);
    });
  }

  static async start(): Promise<DnsServer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, '127.0.0.1', resolve);
    });
    return new DnsServer(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** "127.0.0.1:5353" */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** What a name has from now on. */
  set(name: string, ...records: DnsRecord[]): void {
    this.#records.set(name.toLowerCase(), records);
  }

  /**
   * Makes a domain's server to be found: on this machine, with SRV records for the ports given. Their target is a name that the system knows too, for
   * programs that ask the DNS about services only.
   */
  announce(domain: string, ports: { readonly plain?: number | undefined; readonly tls?: number | undefined }): void {
    this.set('localhost', { type: 'A', address: '127.0.0.1' });
    this.set(domain, { type: 'A', address: '127.0.0.1' });
    for (const [service, port] of [
      ['xmpp-server', ports.plain],
      ['xmpps-server', ports.tls],
    ] as const) {
      this.set(
        `_${service}._tcp.${domain}`,
        ...(port === undefined ? [] : [{ type: 'SRV', port, target: 'localhost' } as const]),
      );
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #answer(message: Buffer): Buffer | undefined {
    const question = readQuestion(message);
    if (question === undefined) return undefined;
    const { name, type, end } = question;
    this.questions.push(`${type ?? '?'} ${name}`);
    const records = this.#records.get(name);
    const found = (records ?? []).filter((record) => record.type === type);
    const code = this.broken.has(name) ? SERVER_FAILURE : records === undefined ? NO_SUCH_NAME : 0;
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8580 | code, 2); // an answer, authoritative, recursion there
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(code === 0 ? found.length : 0, 6);
    return Buffer.concat([header, message.subarray(12, end), ...(code === 0 ? found.map(writeRecord) : [])]);
  }
}

function readQuestion(message: Buffer) {
  if (message.length < 17 || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: TYPES.get(message.readUInt16BE(at + 1)), end: at + 5 };
}

function writeRecord(record: DnsRecord): Buffer {
  const data = writeData(record);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // the name of the question
  head.writeUInt16BE(CODES[record.type], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(1, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function writeData(record: DnsRecord): Buffer {
  if (record.type === 'A') return Buffer.from(record.address.split('.').map(Number));
  if (record.type === 'AAAA') return writeV6(record.address);
  const { priority = 0, weight = 0, port, target } = record;
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(priority, 0);
  numbers.writeUInt16BE(weight, 2);
  numbers.writeUInt16BE(port, 4);
  return Buffer.concat([numbers, writeName(target)]);
}

function writeV6(address: string): Buffer {
  if (!isIPv6(address)) throw new TypeError(`${address} is no IPv6 address`);
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = address.includes('::')
    ? [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)]
    : groups(head);
  const data = Buffer.alloc(16);
  all.forEach((group, index) => data.writeUInt16BE(Number.parseInt(group, 16), index * 2));
  return data;
}

function writeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}
