/** What the page has to know of the server that it comes from. */
export interface PageConfig {
  /** The first of its domains: that of a name without one. */
  readonly domain: string;
  /** The address of its WebSocket. */
  readonly service: string;
}

const KEY = 'tutti.domain';

/** Asks the server; without a connection what it said last. */
export async function loadPageConfig(): Promise<PageConfig> {
  const service = new URL('/xmpp-websocket', location.href);
  service.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return { domain: await loadDomain(), service: service.href };
}

async function loadDomain(): Promise<string> {
  const known = localStorage.getItem(KEY);
  // Who was here before need not wait.
  const asked = fetchDomain().catch(() => undefined);
  const domain = known ?? (await asked) ?? location.hostname;
  void asked.then((said) => said !== undefined && localStorage.setItem(KEY, said));
  return domain;
}

async function fetchDomain(): Promise<string | undefined> {
  const answer = await fetch('/page.json');
  const { domains } = (await answer.json()) as { readonly domains: readonly string[] };
  return domains[0];
}
