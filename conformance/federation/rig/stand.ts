import { NS, xml } from '@tutti/xmpp';
import { Authority, type Certificate } from './authority.ts';
import { DnsServer } from './dns-server.ts';
import type { Ground } from './peer.ts';
import { RawServer } from './raw-peer.ts';
import { Tutti } from './tutti.ts';

/** Our domain. */
export const US = 'us.example';

/** Limits that a test reaches soon. */
const SETTINGS = [
  's2s.connect_timeout=4 seconds',
  's2s.ack_timeout=2 seconds',
  's2s.stanza_bytes=20000',
  's2s.stanzas_per_second=200',
  's2s.stanzas_burst=100',
  's2s.connections_per_address=0',
  's2s.unauthenticated_connections=0',
  's2s.domains_per_connection=2',
  's2s.block=blocked.example,*.blocked.example',
  's2s.domains."lax.example".require_valid_certificate=false',
  's2s.domains."plain.example".require_tls=false',
];

/** Tutti, and a port where a test stands in for any other server. */
export class Stand implements AsyncDisposable {
  readonly ground: Ground;
  readonly tutti: Tutti;
  readonly peer: RawServer;
  /** An authority that nobody knows. */
  readonly unknown = new Authority('Nobody knows it');
  #domains = 0;

  private constructor(ground: Ground, tutti: Tutti, peer: RawServer) {
    this.ground = ground;
    this.tutti = tutti;
    this.peer = peer;
  }

  static async start(): Promise<Stand> {
    const ground = { dns: await DnsServer.start(), authority: new Authority() };
    const domains = { [US]: 'starttls', 'other.us.example': 'starttls' } as const;
    return new Stand(ground, await Tutti.start(ground, domains, { settings: SETTINGS }), await RawServer.start());
  }

  get port(): number {
    return this.tutti.port('s2s');
  }

  /** A domain that no other test uses; with `port`, the DNS says that its server is there. */
  freshDomain(port?: number): string {
    this.#domains += 1;
    const domain = `peer-${this.#domains}.example`;
    if (port !== undefined) this.ground.dns.announce(domain, { plain: port });
    return domain;
  }

  /** A certificate that is good for this domain. */
  certificate(domain: string): Certificate {
    return this.ground.authority.issue({ dns: [domain] });
  }

  /** Somebody here asks a domain; gives the condition of the error, or "result". */
  async ping(domain: string): Promise<string> {
    const juliet = await this.tutti.join(US, 'juliet');
    const answer = await juliet.iq('get', xml('ping', { xmlns: NS.ping }), domain);
    await juliet.close();
    return answer.child('error')?.elements[0]?.name ?? answer.attrs['type'] ?? '';
  }

  /** Gives us a reason to connect there; whether it is answered does not matter. */
  async nudge(domain: string): Promise<void> {
    const juliet = await this.tutti.join(US, 'juliet');
    juliet.send(xml('iq', { type: 'get', id: 'nudge', to: domain }, xml('ping', { xmlns: NS.ping })));
  }

  /** Why it could last not be connected to. */
  lastFailure(domain: string): string {
    return this.tutti.lines('s2s: not connected', domain).at(-1)?.detail ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tutti[Symbol.asyncDispose]();
    this.peer[Symbol.dispose]();
    this.ground.authority[Symbol.dispose]();
    this.unknown[Symbol.dispose]();
    this.ground.dns[Symbol.dispose]();
  }
}

/** A message as another server writes it. */
export function message(from: string, to: string, id: string, body = 'hello'): string {
  return `<message from='${from}' to='${to}' type='chat' id='${id}'><body>${body}</body></message>`;
}
