import { type JID, xml } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import { type AdHocCommand, type FeatureApi, randomId, type SessionView } from '../../feature.ts';
import { administrators, ask, nodeOf, requireLines } from './form.ts';
import type { MotdTables } from './schema.ts';

interface Motd {
  readonly id: string;
  readonly body: string;
}

/**
 * XEP-0133 §4.24–§4.26: a standing announcement. Each account gets it once: at once where it is online, or else when it comes. It is a message of the
 * domain's to the account, routed like any other (C1): all its devices have it, and so has its archive.
 */
export class MessageOfTheDay {
  readonly #api: FeatureApi;
  readonly #db: Kysely<MotdTables>;
  /** By domain; asked for once. */
  #current: Promise<Map<string, Motd>> | undefined;

  constructor(api: FeatureApi) {
    this.#api = api;
    this.#db = api.store<MotdTables>();
    const come = (session: SessionView): void => void this.#tell(session.account.jid);
    // Whoever takes messages gets it: by priority, or whatever that is (D1).
    api.on('sessionTakesMessages', come);
    api.on('sessionAvailable', (session) => {
      if (session.imNg) come(session);
    });
  }

  commands(): readonly AdHocCommand[] {
    const allows = administrators(this.#api);
    const text = (value: readonly string[] = []) =>
      [{ var: 'motd', type: 'text-multi', label: 'Message of the day', required: true, value }] as const;
    return [
      {
        node: nodeOf('set-motd'),
        name: 'Set the message of the day',
        allows,
        form: ask('Everybody gets it, once: now, or when they come online', text()),
        run: async ({ domain }, form) => {
          await this.#set(domain, { id: randomId(this.#api.random, 16), body: requireLines(form, 'motd') });
          void this.#tellAll(domain);
          return { note: 'The message of the day is set.' };
        },
      },
      {
        node: nodeOf('edit-motd'),
        name: 'Edit the message of the day',
        allows,
        form: async ({ domain }) =>
          ask('Who has had it does not get it again', text((await this.#find(domain))?.body.split('\n')))(),
        run: async ({ domain }, form) => {
          const body = requireLines(form, 'motd');
          const known = await this.#find(domain);
          if (known === undefined) return { note: 'There is no message of the day.', failed: true };
          await this.#set(domain, { ...known, body });
          return { note: 'The message of the day is changed.' };
        },
      },
      {
        node: nodeOf('delete-motd'),
        name: 'Delete the message of the day',
        allows,
        run: async ({ domain }) => {
          await this.#db.deleteFrom('motd').where('domain', '=', domain).execute();
          (await this.#all()).delete(domain);
          return { note: 'There is no message of the day any more.' };
        },
      },
    ];
  }

  async #set(domain: string, motd: Motd): Promise<void> {
    await this.#db
      .insertInto('motd')
      .values({ domain, ...motd })
      .onConflict((conflict) => conflict.column('domain').doUpdateSet(motd))
      .execute();
    (await this.#all()).set(domain, motd);
  }

  /** One after the other: nobody else waits for it. Never rejects. */
  async #tellAll(domain: string): Promise<void> {
    for (const jid of this.#online(domain)) await this.#tell(jid);
  }

  /** Sends it to an account that has not had it. Never rejects. */
  async #tell(account: JID): Promise<void> {
    try {
      const motd = await this.#find(account.domain);
      if (motd === undefined || !(await this.#takeTurn(account, motd))) return;
      const to = account.toString();
      this.#api.route(xml('message', { from: account.domain, to, id: motd.id }, xml('body', null, motd.body)));
    } catch (error) {
      this.#api.logger.error({ error: String(error) }, 'the message of the day could not be sent');
    }
  }

  /** Remembered before it is sent, so that of two devices that come at the same time one brings it; false: the account has had it. */
  async #takeTurn(account: JID, { id: motd }: Motd): Promise<boolean> {
    const taken = await this.#db
      .insertInto('motd_sent')
      .values({ account: account.toString(), motd })
      .onConflict((conflict) => conflict.column('account').doUpdateSet({ motd }).where('motd_sent.motd', '<>', motd))
      .returning('account')
      .execute();
    return taken.length > 0;
  }

  async #find(domain: string): Promise<Motd | undefined> {
    return (await this.#all()).get(domain);
  }

  #all(): Promise<Map<string, Motd>> {
    this.#current ??= this.#load();
    return this.#current;
  }

  async #load(): Promise<Map<string, Motd>> {
    const rows = await this.#db.selectFrom('motd').selectAll().execute();
    return new Map(rows.map(({ domain, id, body }) => [domain, { id, body }]));
  }

  /** Accounts with a session that takes messages. */
  #online(domain: string): readonly JID[] {
    const taking = [...this.#api.sessions()].filter(({ imNg, priority = -1 }) => imNg || priority >= 0);
    const jids = taking.map(({ account }) => account.jid).filter((jid) => jid.domain === domain);
    return [...new Map(jids.map((jid) => [jid.toString(), jid])).values()];
  }
}
