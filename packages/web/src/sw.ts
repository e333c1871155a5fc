/** The service worker: keeps the page itself, so that it opens without a connection. What the page shows, the page keeps. */

interface Extendable extends Event {
  waitUntil(done: Promise<unknown>): void;
}

interface Fetch extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface Worker {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetch) => void): void;
}

/** Written here by the build: the files of the page, and a name for this edition of them. */
declare const __FILES__: readonly string[];
declare const __EDITION__: string;

const worker = globalThis as unknown as Worker;
const CACHE = `tutti-${__EDITION__}`;

worker.addEventListener('install', (event) => {
  const keep = async (): Promise<void> => {
    const cache = await caches.open(CACHE);
    // Not from the browser's own cache, where an older one may be.
    await cache.addAll(__FILES__.map((path) => new Request(path, { cache: 'reload' })));
    await worker.skipWaiting();
  };
  event.waitUntil(keep());
});

worker.addEventListener('activate', (event) => {
  const tidy = async (): Promise<void> => {
    const names = await caches.keys();
    await Promise.all(
      names.filter((name) => name.startsWith('tutti-') && name !== CACHE).map((name) => caches.delete(name)),
    );
    await worker.clients.claim();
  };
  event.waitUntil(tidy());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin) return;
  // The page is one file, wherever in it the user is.
  const path = request.mode === 'navigate' && url.pathname === '/' ? '/' : url.pathname;
  if (__FILES__.includes(path)) event.respondWith(answer(path, request));
});

/** From what is kept: all files of one edition belong together. */
async function answer(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}
