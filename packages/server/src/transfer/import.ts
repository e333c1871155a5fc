import { type Element, JID, NS, StanzaError } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import { writeCredentials } from '../accounts/credentials.ts';
import type { AccountTables } from '../accounts/schema.ts';
import { LogError } from '../log/log.ts';
import type { LocalAccount } from '../router/local-account.ts';
import { createCredentials, type Credentials } from '../stream/sasl/credentials.ts';
import { systemClock, systemRandom } from '../system.ts';
import { type Imported, readArchived } from './archive.ts';
import { nameMechanisms, readCredentials } from './credentials.ts';
import type { OfflineServer } from './offline-server.ts';
import { readData } from './xml-events.ts';

export interface ImportReport {
  accounts: number;
  messages: number;
  /** Accounts that are there already, or are of no domain of this server's: left alone. */
  readonly skipped: Map<string, string>;
  /** What nobody here knows, or could not be taken, by name: how often. */
  readonly ignored: Map<string, number>;
  /** Accounts that nobody can log in to until they get a password. */
  readonly withoutPassword: string[];
  /** Accounts whose password is known for some SCRAM mechanisms only: which. */
  readonly fewMechanisms: Map<string, string>;
}

/** Messages that are on their way to the disk at a time. */
const UNDER_WAY = 1000;

/**
 * Reads a file of exported data (XEP-0227). An account comes into being when all of it is there: one that was begun when the process ended is
 * removed at the next start, and can be imported again.
 */
export async function importData(
  server: OfflineServer,
  path: string,
  progress?: (report: ImportReport) => void,
): Promise<ImportReport> {
  const report: ImportReport = {
    accounts: 0,
    messages: 0,
    skipped: new Map(),
    ignored: new Map(),
    withoutPassword: [],
    fewMechanisms: new Map(),
  };
  let domain = '';
  let user: AccountImport | undefined;
  for await (const event of readData(path)) {
    if (event.kind === 'host') domain = event.domain;
    else if (event.kind === 'user') {
      user = await AccountImport.begin(server, `${event.name}@${domain}`, event.password, report);
    } else if (event.kind === 'data') await user?.take(event.element, event.inside);
    else {
      await user?.finish();
      user = undefined;
      progress?.(report);
    }
  }
  return report;
}

/** One account on its way in. */
class AccountImport {
  readonly #server: OfflineServer;
  readonly #db: Kysely<AccountTables>;
  readonly #account: LocalAccount;
  readonly #report: ImportReport;
  readonly #password: string | undefined;
  #credentials: Credentials = {};
  #waiting: Imported[] = [];
  /** Messages that waited for the user; they are in the archive too, where there is one. */
  readonly #offline: Imported[] = [];
  #messages = 0;

  private constructor(
    server: OfflineServer,
    account: LocalAccount,
    password: string | undefined,
    report: ImportReport,
  ) {
    this.#server = server;
    this.#db = server.store.tables<AccountTables>();
    this.#account = account;
    this.#password = password;
    this.#report = report;
  }

  static async begin(
    server: OfflineServer,
    address: string,
    password: string | undefined,
    report: ImportReport,
  ): Promise<AccountImport | undefined> {
    const skip = (reason: string): undefined => void report.skipped.set(address, reason);
    const jid = JID.tryParse(address);
    if (jid === undefined || !jid.isBare || jid.local === '') return skip('it is no address');
    if (!server.core.isLocalDomain(jid.domain)) return skip(`${jid.domain} is not a domain of this server`);
    const name = jid.toString();
    const db = server.store.tables<AccountTables>();
    const query = db.selectFrom('account').select('jid').where('jid', '=', name);
    if ((await query.executeTakeFirst()) !== undefined) return skip('it is there already');
    await server.log.remove(name);
    const now = systemClock.now();
    // Until it is whole it is one whose removal has begun.
    const row = { jid: name, domain: jid.domain, created_at: now, disabled: 0, removed_at: now };
    await db.insertInto('account').values(row).execute();
    const account = await server.core.accounts.load(jid);
    if (account === undefined) throw new Error(`${name} could not be loaded`);
    return new AccountImport(server, account, password, report);
  }

  async take(element: Element, inside: string | undefined): Promise<void> {
    if (inside === 'archive') return this.#takeArchived(element);
    if (inside === 'offline-messages') return this.#takeOffline(element);
    const credentials = readCredentials(element);
    if (credentials !== undefined) {
      this.#credentials = { ...this.#credentials, ...credentials };
      return;
    }
    try {
      for (const portable of this.#server.core.registry.portables) {
        if (await portable.read(this.#account, element)) return;
      }
      this.#ignore(`<${element.name} xmlns='${element.ns}'>`);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      this.#ignore(`<${element.name} xmlns='${element.ns}'>: ${error.text ?? error.condition}`);
    }
  }

  async finish(): Promise<void> {
    if (this.#messages === 0) {
      for (const message of this.#offline) await this.#append(message);
      await this.#flush();
    } else {
      await this.#flush();
      // What was exported was read somewhere: it is no news to clients that know nothing of archives.
      const { log } = this.#server;
      log.moveLegacyCursor(this.#account.name, { seq: await log.head(this.#account.name), owed: [] });
    }
    const name = this.#account.name;
    const credentials = await this.#findCredentials();
    await this.#db.transaction().execute(async (trx) => {
      if (credentials !== undefined) await writeCredentials(trx, name, credentials);
      await trx.updateTable('account').set({ removed_at: null }).where('jid', '=', name).execute();
    });
    if (credentials === undefined) this.#report.withoutPassword.push(name);
    else if (Object.keys(credentials).length < 3) this.#report.fewMechanisms.set(name, nameMechanisms(credentials));
    this.#report.accounts += 1;
    this.#report.messages += this.#messages;
  }

  async #findCredentials(): Promise<Credentials | undefined> {
    if (this.#password !== undefined && this.#password !== '') {
      return createCredentials(this.#password, this.#server.core.config.auth.scramIterations, systemRandom);
    }
    return Object.keys(this.#credentials).length > 0 ? this.#credentials : undefined;
  }

  async #takeArchived(element: Element): Promise<void> {
    const forwarded = element.child('forwarded', NS.forward);
    const message = forwarded?.child('message', NS.client);
    const stamp = forwarded?.child('delay', NS.delay)?.attrs['stamp'];
    const read = message && readArchived(this.#account.jid, message, stamp);
    if (read === undefined) return this.#ignore('a message of an archive that has no time, or is not of the account');
    await this.#append(read);
  }

  #takeOffline(element: Element): void {
    const read = readArchived(this.#account.jid, element, element.child('delay', NS.delay)?.attrs['stamp']);
    if (read === undefined) this.#ignore('an offline message that has no time, or is not for the account');
    else this.#offline.push(read);
  }

  async #append(message: Imported): Promise<void> {
    this.#messages += 1;
    this.#waiting.push(message);
    if (this.#waiting.length >= UNDER_WAY) await this.#flush();
  }

  /** Each message at its own time; the log keeps the order where one is earlier than the one before it. */
  async #flush(): Promise<void> {
    const { log, clock } = this.#server;
    const written = this.#waiting.map(({ row, at }) => {
      clock.at = at;
      return new Promise<void>((resolve, reject) => {
        log.append([row], (result) => (result instanceof LogError ? reject(result) : resolve()));
      });
    });
    clock.at = undefined;
    this.#waiting = [];
    await Promise.all(written);
  }

  #ignore(what: string): void {
    const { ignored } = this.#report;
    ignored.set(what, (ignored.get(what) ?? 0) + 1);
  }
}
