/** What the page has to know of the server that it comes from. */
export interface PageConfig {
  /** The first of its domains: that of a name without one. */
  readonly domain: string;
  /** Whether anybody may make an account there. */
  readonly registration: boolean;
  /** The address of its WebSocket. */
  readonly service: string;
}

const KEY = 'tutti.server';

/** What the server says of itself. */
interface Answer {
  readonly domains: readonly string[];
  readonly registration: boolean;
}

/** Asks the server; without a connection it is what it said last. */
export async function loadPageConfig(): Promise<PageConfig> {
  const service = new URL('/xmpp-websocket', location.href);
  service.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const { domains, registration } = await loadAnswer();
  return { domain: domains[0] ?? location.hostname, registration, service: service.href };
}

async function loadAnswer(): Promise<Answer> {
  const asked = ask();
  const known = localStorage.getItem(KEY);
  // Who was here before need not wait.
  return known === null ? ((await asked) ?? { domains: [], registration: false }) : (JSON.parse(known) as Answer);
}

async function ask(): Promise<Answer | undefined> {
  try {
    const answer = (await (await fetch('/page.json')).json()) as Answer;
    localStorage.setItem(KEY, JSON.stringify(answer));
    return answer;
  } catch (error) {
    console.warn('the server does not answer', error);
    return undefined;
  }
}
