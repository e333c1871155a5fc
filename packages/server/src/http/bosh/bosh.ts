import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ParserLimits } from '@tutti/xmpp';
import { type Clock, type Random, randomId } from '../../environment.ts';
import { isLoopback } from '../../stream/address.ts';
import type { TlsState, Transport } from '../../stream/transport.ts';
import { chooseAddress } from '../forwarded.ts';
import { type BoshBody, BoshError, readBody, writeTerminate } from './body.ts';
import { readBytes, ReadingBudget } from './reading.ts';
import type { BoshRequest } from './requests.ts';
import { BoshSession, type BoshTerms } from './session.ts';

export const BOSH_PATH = '/http-bind';

/** Bounds of BOSH; 0 = none. Read for each session, or for each request. */
export interface BoshLimits {
  /** Seconds. */
  readonly wait: number;
  readonly inactivity: number;
  readonly pause: number;
  readonly polling: number;
  /** How many requests of a session may be open. */
  readonly requests: number;
  readonly bodyBytes: number;
  readonly readingBytes: number;
  readonly sessions: number;
}

export interface BoshOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: BoshLimits;
  /** Of the XML in a body; its size is bounded by `bodyBytes`. */
  readonly xml: Pick<ParserLimits, 'depth' | 'attributes' | 'nameBytes'>;
  /** A reverse proxy on this machine names the client's address in X-Forwarded-For. */
  readonly behindProxy: boolean;
  readonly accept: (transport: Transport) => void;
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers': 'Content-Type',
  'access-control-max-age': '86400',
};

const SID_LENGTH = 24;
/** Milliseconds that a body may take. */
const BODY_MS = 10_000;
/** Milliseconds that a connection may be silent longer than a request may wait. */
const MARGIN_MS = 60_000;

/** Serves XMPP over HTTP requests: XEP-0124, XEP-0206. Gives what ends all sessions, for when no requests come any more. */
export function addBosh(app: FastifyInstance, options: BoshOptions): () => void {
  const manager = new BoshManager(options);
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // Whatever it says that it is: it is XML, or no <body/>.
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    scope.options(BOSH_PATH, (_request, reply) => reply.headers(CORS).code(204).send());
    scope.get(BOSH_PATH, (_request, reply) =>
      reply.headers(CORS).type('text/plain').send('XMPP over BOSH: point a client at this address.\n'),
    );
    scope.post(BOSH_PATH, (request, reply) => manager.take(request, reply));
  });
  return () => manager.close();
}

class BoshManager {
  readonly #options: BoshOptions;
  readonly #sessions = new Map<string, BoshSession>();
  readonly #budget: ReadingBudget;

  constructor(options: BoshOptions) {
    this.#options = options;
    this.#budget = new ReadingBudget(() => options.limits.readingBytes);
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy();
  }

  /** Takes one HTTP request; it is answered when there is something to tell. */
  async take({ raw }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    reply.headers(CORS).header('cache-control', 'no-store').type('text/xml; charset=utf-8');
    const { clock, limits } = this.#options;
    raw.socket.setTimeout(limits.wait * 1000 + MARGIN_MS);
    const bounds = { bytes: limits.bodyBytes, time: BODY_MS };
    const bytes = await readBytes(raw, clock, bounds, this.#budget);
    if (typeof bytes === 'number')
      return reply.code(bytes).header('connection', 'close').send(writeTerminate('policy-violation'));
    // §17.2: errors of the binding are told in a body, with status 200.
    try {
      const body = readBody(bytes, { ...this.#options.xml, stanzaBytes: 0 });
      return await this.#hand(body, raw, reply);
    } catch (error) {
      if (!(error instanceof BoshError)) throw error;
      return reply.send(writeTerminate(error.condition));
    }
  }

  #hand(body: BoshBody, raw: IncomingMessage, reply: FastifyReply): Promise<FastifyReply> {
    const session = body.sid === undefined ? this.#create(body, raw) : this.#sessions.get(body.sid);
    if (session === undefined) throw new BoshError('item-not-found', 'There is no such session.');
    // §16: what began encrypted goes on like that.
    if (session.tls !== undefined && !(raw.socket instanceof TLSSocket)) throw new BoshError('item-not-found');
    return new Promise((resolve) => {
      let isAnswered = false;
      const request: BoshRequest = {
        body,
        isGone: false,
        reply: (text, sent) => {
          if (isAnswered) return;
          isAnswered = true;
          reply.raw.once('close', sent);
          resolve(reply.send(text));
        },
      };
      reply.raw.once('close', () => {
        if (isAnswered) return;
        session.lost(request);
        // Nobody reads what it is answered with; the session remembers it for who asks again.
        isAnswered = true;
        resolve(reply);
      });
      session.receive(request);
    });
  }

  /** XEP-0124 §7.1: what the client asks for, within our bounds. */
  #create(body: BoshBody, raw: IncomingMessage): BoshSession {
    const { limits, clock, random, accept, behindProxy } = this.#options;
    if (limits.sessions > 0 && this.#sessions.size >= limits.sessions) {
      throw new BoshError('policy-violation', 'There are too many sessions.');
    }
    if (body.attrs['to'] === undefined) throw new BoshError('improper-addressing', 'Whom to connect to is not said.');
    const sid = randomId(random, SID_LENGTH);
    const { socket } = raw;
    const peer = {
      address: chooseAddress(raw, behindProxy),
      loopback: isLoopback(socket.remoteAddress ?? ''),
      tls: socket instanceof TLSSocket ? describeTls(socket) : undefined,
    };
    const ended = (): void => void this.#sessions.delete(sid);
    const session = new BoshSession(body, agree(sid, body, limits), peer, clock, ended);
    this.#sessions.set(sid, session);
    accept(session);
    return session;
  }
}

function agree(sid: string, { attrs }: BoshBody, limits: BoshLimits): BoshTerms {
  const read = (name: string, otherwise: number): number => {
    const text = attrs[name];
    return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;
  };
  const hold = Math.min(read('hold', 1), limits.requests - 1);
  return {
    sid,
    wait: Math.min(read('wait', limits.wait), limits.wait) * 1000,
    hold,
    requests: hold + 1,
    inactivity: limits.inactivity * 1000,
    maxPause: limits.pause * 1000,
    polling: limits.polling * 1000,
    acks: attrs['ack'] === '1',
    version: lowerVersion(attrs['ver']),
  };
}

const VERSION = [1, 11] as const;

/** §7.2: the lower one. */
function lowerVersion(text = ''): string {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})$/.exec(text) ?? [];
  const isLower = Number(major) < VERSION[0] || (Number(major) === VERSION[0] && Number(minor) < VERSION[1]);
  return isLower ? `${major}.${minor}` : VERSION.join('.');
}

/** The requests of a session come over several connections: there is no one channel to bind to. */
function describeTls(socket: TLSSocket): TlsState {
  const none = (): undefined => undefined;
  return { protocol: socket.getProtocol() ?? '', exporter: none, finished: none, serverEndPoint: none };
}
