import type { Socket } from 'node:net';
import type { Config } from './config/schema.ts';
import type { Components } from './components/components.ts';
import type { Federation } from './federation/federation.ts';
import type { Logger } from './environment.ts';
import type { BoshOptions } from './http/bosh/bosh.ts';
import type { HttpConnectionLimits } from './http/connections.ts';
import { findPageFolder } from './places.ts';
import type { HttpServer } from './http/server.ts';
import type { PageOptions } from './http/static.ts';
import type { UploadOptions } from './http/upload.ts';
import type { Metrics } from './observe/metrics.ts';
import { observeStreams } from './observe/streams.ts';
import { AddressLimits } from './stream/net/address-limits.ts';
import { listen, type Listener, type TlsProvider } from './stream/net/listener.ts';
import { SocketTransport } from './stream/net/socket-transport.ts';
import { DEFAULT_STREAM_LIMITS } from './stream/options.ts';
import type { Streams } from './stream/streams.ts';
import { systemClock, systemRandom } from './system.ts';
import type { UploadDesk, Vault } from './uploads/uploads.ts';

/** An address the server listens on. */
export interface Listening {
  /** The table of the configuration: "c2s", "c2s_tls", "s2s", "s2s_tls", "components", "http". */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface ListenerParts {
  /** As it is now; what is read at the start only is as it was. */
  readonly config: () => Config;
  readonly certificates: TlsProvider;
  readonly metrics: Metrics;
  readonly scrape: () => Promise<{ readonly body: string }>;
  readonly logger: Logger;
  /** Absent: no other servers. */
  readonly federation?: Federation | undefined;
  /** XEP-0114; absent: there are none. */
  readonly components?: Components | undefined;
  /** XEP-0363; absent: no files. */
  readonly uploads?: { readonly desk: UploadDesk; readonly vault: Vault } | undefined;
}

/** XEP-0368 §3: the name of the protocol in ALPN. */
const ALPN_PROTOCOL = 'xmpp-client';
const HANDSHAKE_MS = 10_000;
const LINGER_MS = DEFAULT_STREAM_LIMITS.closeTime;
/** Milliseconds between the pings of WebSocket, which keep proxies from closing a quiet connection. */
const WEBSOCKET_PING_MS = 60_000;

/** Opens the ports of a configuration. Rejects with the error of the one that can't be had, and then none is open. */
export async function startListeners(
  parts: ListenerParts,
  streams: Streams,
): Promise<{ readonly listening: readonly Listening[]; readonly close: () => Promise<void> }> {
  const { c2s, c2sTls, http } = parts.config();
  const opened = new AsyncDisposableStack();
  const listening: Listening[] = [];
  try {
    if (c2s.enabled) {
      const change = { observer: observeStreams(parts.metrics, 'tcp') };
      const tls = (): ReturnType<TlsProvider['socketOptions']> => parts.certificates.socketOptions();
      const transport = { clock: systemClock, lingerTime: LINGER_MS, tls };
      const accept = (socket: ConstructorParameters<typeof SocketTransport>[0]): void => {
        streams.accept(new SocketTransport(socket, transport), change);
      };
      const listener = await listen({ host: c2s.host, port: c2s.port, clock: systemClock, accept });
      opened.defer(() => listener.close());
      listening.push({ name: 'c2s', host: c2s.host, port: listener.port });
    }
    if (c2sTls.enabled) {
      const change = { observer: observeStreams(parts.metrics, 'tls') };
      const transport = { clock: systemClock, lingerTime: LINGER_MS };
      const direct = {
        tls: parts.certificates,
        protocols: [ALPN_PROTOCOL],
        handshakeTime: HANDSHAKE_MS,
        limits: limitHandshakes(parts),
      };
      const accept = (socket: ConstructorParameters<typeof SocketTransport>[0]): void => {
        streams.accept(new SocketTransport(socket, transport), change);
      };
      const listener = await listen({ host: c2sTls.host, port: c2sTls.port, clock: systemClock, direct, accept });
      opened.defer(() => listener.close());
      listening.push({ name: 'c2s_tls', host: c2sTls.host, port: listener.port });
    }
    if (parts.federation !== undefined) {
      for (const one of await listenForServers(parts.federation, parts.config())) {
        opened.defer(() => one.listener.close());
        listening.push({ name: one.name, host: one.listener.host, port: one.listener.port });
      }
    }
    if (parts.components !== undefined) {
      const { host, port } = parts.config().components;
      const { components } = parts;
      const accept = (socket: Socket): void =>
        components.accept(new SocketTransport(socket, { clock: systemClock, lingerTime: LINGER_MS }));
      const listener = await listen({ host, port, clock: systemClock, accept });
      opened.defer(() => listener.close());
      listening.push({ name: 'components', host: listener.host, port: listener.port });
    }
    if (http.enabled) {
      const server = await createWebServer(parts, streams);
      const port = await server.listen();
      opened.defer(() => server.close());
      listening.push({ name: 'http', host: http.host, port });
    }
    return { listening, close: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** The ports for other servers; when one can't be had, none is open. */
async function listenForServers(federation: Federation, { s2s, s2sTls }: Config) {
  const wanted = [
    { name: 's2s', ...s2s, accept: (socket: Socket) => federation.accept(socket) },
    { name: 's2s_tls', ...s2sTls, accept: (socket: Socket) => void federation.acceptTls(socket) },
  ];
  const opened: { readonly name: string; readonly listener: Listener }[] = [];
  try {
    for (const { name, enabled, host, port, accept } of wanted) {
      if (enabled) opened.push({ name, listener: await listen({ host, port, clock: systemClock, accept }) });
    }
  } catch (error) {
    for (const { listener } of opened) listener.close();
    throw error;
  }
  return opened;
}

/** Loaded where it is wanted: it is the largest part of what a server needs. */
/** Before its TLS handshake is done a connection is no stream and counts here, by the same limits. */
function limitHandshakes({ config, metrics }: ListenerParts): AddressLimits {
  const { unauthenticated_per_address: perAddress, unauthenticated_connections: all } = metrics.connectionsRefused;
  return new AddressLimits({
    get perAddress() {
      return config().limits.unauthenticatedPerAddress;
    },
    unauthenticatedPerAddress: 0,
    get unauthenticated() {
      return config().limits.unauthenticatedConnections;
    },
    refused: (limit) => (limit === 'perAddress' ? perAddress : all).inc(),
  });
}

async function createWebServer(parts: ListenerParts, streams: Streams): Promise<HttpServer> {
  const { config, metrics, scrape } = parts;
  const { createHttpServer } = await import('./http/server.ts');
  const { host, port } = config().http;
  const observer = observeStreams(metrics, 'websocket');
  return createHttpServer({
    clock: systemClock,
    host,
    port,
    handshakeTime: HANDSHAKE_MS,
    get publicUrl() {
      return config().http.publicUrl;
    },
    webSocket: {
      clock: systemClock,
      get stanzaBytes() {
        return config().limits.stanzaBytes;
      },
      origins: '*',
      pingTime: WEBSOCKET_PING_MS,
      lingerTime: LINGER_MS,
      get behindProxy() {
        return config().http.publicUrl !== '';
      },
      // RFC 7395 has no STARTTLS: who may log in without TLS is decided by the address alone.
      accept: (transport) => streams.accept(transport, { requireTls: false, observer }),
    },
    metrics: async () => (config().metrics.enabled ? (await scrape()).body : undefined),
    connections: limitHttp(parts),
    ...servePage(parts),
    ...(config().bosh.enabled ? { bosh: serveBosh(parts, streams) } : {}),
    ...(parts.uploads === undefined ? {} : { uploads: serveUploads(parts, parts.uploads) }),
  });
}

/** The chat page, where it was built. */
function servePage({ config }: ListenerParts): { readonly page?: PageOptions } {
  const folder = findPageFolder();
  if (folder === undefined) return {};
  return {
    page: {
      folder,
      domains: config().domains,
      get enabled() {
        return config().http.page;
      },
      get registration() {
        return config().registration.enabled;
      },
      get origins() {
        const { storage, s3Endpoint } = config().upload;
        return storage === 's3' ? [new URL(s3Endpoint).origin] : [];
      },
      get publicUrl() {
        return config().http.publicUrl;
      },
    },
  };
}

function limitHttp({ config, metrics }: ListenerParts): HttpConnectionLimits {
  const { connections_per_address: perAddress, unauthenticated_connections: all } = metrics.connectionsRefused;
  return {
    get perAddress() {
      return config().http.connectionsPerAddress;
    },
    get all() {
      return config().http.connections;
    },
    get behindProxy() {
      return config().http.publicUrl !== '';
    },
    refused: (limit) => (limit === 'perAddress' ? perAddress : all).inc(),
  };
}

function serveBosh({ config, metrics }: ListenerParts, streams: Streams): BoshOptions {
  const observer = observeStreams(metrics, 'bosh');
  return {
    clock: systemClock,
    random: systemRandom,
    get limits() {
      return config().bosh;
    },
    get xml() {
      const { depth, attributes, nameBytes } = config().limits;
      // The <body/> is one level more.
      return { depth: depth === 0 ? 0 : depth + 1, attributes, nameBytes };
    },
    get behindProxy() {
      return config().http.publicUrl !== '';
    },
    // As with WebSocket.
    accept: (transport) => streams.accept(transport, { requireTls: false, observer }),
  };
}

function serveUploads(
  { config, logger, metrics }: ListenerParts,
  uploads: NonNullable<ListenerParts['uploads']>,
): UploadOptions {
  return {
    ...uploads,
    clock: systemClock,
    logger,
    metrics,
    get idleTime() {
      return config().upload.idleTime * 1000;
    },
  };
}
