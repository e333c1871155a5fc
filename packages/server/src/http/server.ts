import { createServer, type IncomingMessage } from 'node:http';
import { NS } from '@tutti/xmpp';
import fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '../environment.ts';
import { listen, type TlsProvider } from '../stream/net/listener.ts';
import { type Alternative, addHostMeta } from './host-meta.ts';
import { addMetrics, type MetricsSource } from './metrics.ts';
import { addHomePage } from './home-page.ts';
import { addPage, type PageOptions } from './static.ts';
import { addBosh, BOSH_PATH, type BoshOptions } from './bosh/bosh.ts';
import { HttpConnections, type HttpConnectionLimits } from './connections.ts';
import { addUploads, type UploadOptions } from './upload.ts';
import { attachWebSocket, WEBSOCKET_PATH, type WebSocketOptions } from './websocket.ts';

export interface HttpOptions {
  readonly clock: Clock;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Absent: plain HTTP. */
  readonly tls?: TlsProvider;
  /** Milliseconds that a TLS handshake may take; 0 = no limit. */
  readonly handshakeTime: number;
  /** Where the world reaches this server, such as https://chat.example.org; '' = wherever a request says it does. Read for each request. */
  readonly publicUrl: string;
  /** Absent: no WebSocket. */
  readonly webSocket?: WebSocketOptions;
  /** Makes the text of /metrics; absent, or undefined for now: there is none. */
  readonly metrics?: MetricsSource;
  /** Ways to connect beside WebSocket: XEP-0156. */
  readonly alternatives?: readonly Alternative[];
  /** The chat page; absent: a sentence in its place. */
  readonly page?: PageOptions;
  /** Absent: no BOSH. */
  readonly bosh?: BoshOptions;
  /** Absent: no files. */
  readonly uploads?: UploadOptions;
  /** Absent: no limits. */
  readonly connections?: HttpConnectionLimits;
  /** Milliseconds that the head of a request may take; default 10,000. */
  readonly headTime?: number;
}

/** Milliseconds for a whole request, a file say, and without a byte in either direction. */
const REQUEST_MS = 3_600_000;
const QUIET_MS = 120_000;
/** Milliseconds between the end of listening and that of the connections. */
const LAST_ANSWERS_MS = 50;
/** How often Node looks who takes too long. */
const LOOK_MS = 5000;

/** No route has a schema: what would check them, a tenth of all that a start loads, is not loaded. */
const NO_SCHEMAS = { buildValidator: refuseSchema, buildSerializer: refuseSchema };

function refuseSchema(): never {
  throw new Error('routes have no schemas here');
}

/** The HTTP server of everything that speaks HTTP. */
export interface HttpServer {
  /** Others add their routes here before `listen`. */
  readonly app: FastifyInstance;
  /** Starts listening; gives the port. Rejects when the address cannot be had. */
  listen(): Promise<number>;
  /** Stops listening and ends requests; WebSocket streams are ended by who accepted them. */
  close(): Promise<void>;
}

/** Makes the HTTP server with the routes that are always there; it does not listen yet. */
export function createHttpServer(options: HttpOptions): HttpServer {
  const { clock, host, port, tls, handshakeTime, webSocket, metrics } = options;
  const { headTime = 10_000 } = options;
  const times = {
    headersTimeout: headTime,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: Math.min(LOOK_MS, headTime),
  };
  const app = fastify({
    serverFactory: (handle) =>
      createServer(times, (request, response) => handle(request, response)).setTimeout(QUIET_MS),
    schemaController: { compilersFactory: NO_SCHEMAS },
  });
  const connections = options.connections && new HttpConnections(options.connections);
  if (connections !== undefined) app.server.on('upgrade', ({ socket }) => connections.release(socket));
  const alternatives = [...(options.alternatives ?? [])];
  if (webSocket !== undefined) {
    attachWebSocket(app.server, webSocket);
    alternatives.push({ rel: 'urn:xmpp:alt-connections:websocket', path: WEBSOCKET_PATH, scheme: 'ws' });
  }
  let closeBosh: (() => void) | undefined;
  if (options.bosh !== undefined) {
    closeBosh = addBosh(app, options.bosh);
    alternatives.push({ rel: NS.altConnectionsXbosh, path: BOSH_PATH, scheme: 'http' });
  }
  if (options.page === undefined || !addPage(app, options.page)) addHomePage(app);
  addHostMeta(app, options, alternatives);
  if (metrics !== undefined) addMetrics(app, metrics);
  if (options.uploads !== undefined) addUploads(app, options.uploads);
  let stop = () => undefined as void;
  return {
    app,
    listen: async () => {
      await app.ready();
      const direct = tls === undefined ? {} : { direct: { tls, protocols: ['http/1.1'], handshakeTime } };
      const accept = (socket: IncomingMessage['socket']): void => {
        if (connections === undefined || connections.admit(socket)) app.server.emit('connection', socket);
        else socket.destroy();
      };
      const listener = await listen({ host, port, clock, accept, ...direct });
      // Node bounds how long a request may take from this event on; it listens through ours
      app.server.emit('listening');
      stop = () => listener.close();
      return listener.port;
    },
    close: async () => {
      stop();
      app.server.close();
      app.server.closeIdleConnections();
      // What has been answered by now goes out.
      await new Promise((resolve) => clock.after(LAST_ANSWERS_MS, () => resolve(undefined)));
      closeBosh?.();
      app.server.closeAllConnections();
      await app.close();
    },
  };
}
