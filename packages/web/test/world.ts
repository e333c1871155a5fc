import { type Client, createClient, registerAccount } from '@tutti/client';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { preparePage } from '../prepare.ts';
import { Network } from './network.ts';
import { ServerProcess } from './server-process.ts';

/** A browser of somebody's: a context of its own, over a network of its own. */
export interface Device {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly network: Network;
  readonly url: string;
}

/** A server, accounts, and browsers that show its page. */
export class World {
  readonly server: ServerProcess;
  /** What the browsers complained about, with where. */
  readonly complaints: string[] = [];
  /** What they asked of anybody but the server. */
  readonly strangers: string[] = [];
  readonly #browser: Browser;
  readonly #networks: Network[] = [];
  readonly #clients: Client[] = [];
  #accounts = 0;

  private constructor(server: ServerProcess, browser: Browser) {
    this.server = server;
    this.#browser = browser;
  }

  static async start(...settings: string[]): Promise<World> {
    await preparePage();
    const [server, browser] = await Promise.all([
      ServerProcess.start(...settings),
      chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] }),
    ]);
    return new World(server, browser);
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await Promise.all(this.#clients.map((client) => client.stop()));
    await Promise.all(this.#networks.map((network) => network.close()));
    await this.server.stop();
  }

  get #service(): string {
    return `ws://127.0.0.1:${this.server.port}/xmpp-websocket`;
  }

  /** Makes an account, and gives its name. The password is `secret`. */
  async account(name: string): Promise<string> {
    this.#accounts += 1;
    const username = `${name}-${this.#accounts}`;
    await this.accountNamed(username);
    return username;
  }

  async accountNamed(username: string): Promise<void> {
    await registerAccount({ service: this.#service, domain: 'localhost', username, password: 'secret' });
  }

  /** A client without a page. */
  async bot(username: string): Promise<Client> {
    const client = createClient({ service: this.#service, domain: 'localhost', username, password: 'secret' });
    this.#clients.push(client);
    await client.start();
    return client;
  }

  /** A browser without a page. */
  async browser(options: BrowserContextOptions = {}): Promise<Omit<Device, 'page'>> {
    const network = await Network.to(this.server.port);
    this.#networks.push(network);
    const context = await this.#browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(30_000);
    return { context, network, url: `http://localhost:${network.port}/` };
  }

  /** A browser that shows the page, where nobody is logged in. */
  async device(options: BrowserContextOptions = {}): Promise<Device> {
    const { context, network, url } = await this.browser(options);
    const page = await context.newPage();
    this.#watch(page, url);
    await page.goto(url);
    return { page, context, network, url };
  }

  /** One more tab of a browser, with the page. */
  async tab({ context, url }: Device): Promise<Page> {
    const page = await context.newPage();
    this.#watch(page, url);
    await page.goto(url);
    return page;
  }

  #watch(page: Page, url: string): void {
    page.on('console', (message) => {
      const isCut = /net::ERR|WebSocket|Failed to fetch|ECONNERROR/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !isCut) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error.stack)));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) this.strangers.push(request.url());
    });
  }

  /** A browser that is logged in and has caught up. */
  async loggedIn(username: string, options: BrowserContextOptions = {}): Promise<Device> {
    const device = await this.device(options);
    await logIn(device.page, username);
    return device;
  }
}

/** Logs in by the form. */
export async function logIn(page: Page, username: string, password = 'secret'): Promise<void> {
  // By what does not depend on the language.
  await page.locator('input[name=username]').fill(`${username}@localhost`);
  await page.locator('input[name=password]').fill(password);
  await page.locator('input[name=password]').press('Enter');
  await page.getByRole('navigation').waitFor();
  await untilOnline(page);
}

/** Waits until there is nothing to say of the connection. */
export async function untilOnline(page: Page): Promise<void> {
  await page.locator('.banner:empty').waitFor({ state: 'attached' });
}

/** Goes to a conversation. */
export async function open(page: Page, peer: string): Promise<void> {
  await page.evaluate((to) => void (location.hash = `#/c/${encodeURIComponent(to)}`), `${peer}@localhost`);
  await page.getByRole('main').getByRole('textbox').waitFor();
}

/** Writes and sends a message in the conversation that is open. */
export async function say(page: Page, text: string): Promise<void> {
  const box = page.getByRole('main').getByRole('textbox');
  await box.fill(text);
  await box.press('Enter');
}

/** Brings a tab into view, or out of it: in a browser without windows all are in view. */
export async function look(page: Page, state: 'visible' | 'hidden'): Promise<void> {
  await page.evaluate((to) => {
    Object.defineProperty(document, 'visibilityState', { value: to, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
}

/** A message by its text. */
export function messageWith(page: Page, text: string) {
  return page.locator('[data-message]').filter({ hasText: text });
}
