import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import {
  type ArchiveQuery,
  defineFeature,
  deliverRows,
  type FeatureApi,
  Gate,
  PageReader,
  readArchiveQuery,
  readMetadata,
  recipientOf,
  type Row,
  type SessionView,
  type WrittenMessages,
  writeArchiveForm,
  writeFin,
  writePage,
  writeResult,
} from '../../feature.ts';
import { sweepArchive } from './retention.ts';

/** Message Archive Management: the account's log as its owner may read it. */
export const mam = defineFeature({
  spec: 'XEP-0313',
  version: '1.1.3',
  name: 'Message Archive Management',
  rules: ['A2', 'A4', 'A5', 'A7', 'D5', 'D7', 'E5', 'I2'],
  disco: { account: [NS.mam, NS.mamExtended, NS.mamGroupchatField, NS.mamGroupchatAvailable] },
  setup(api) {
    const archive = new Archive(api);
    api.iq({ type: 'set', name: 'query', ns: NS.mam, target: ['own'] }, ({ session, payload }) => {
      if (session === undefined) throw new StanzaError('forbidden');
      return archive.answer(session, payload);
    });
    api.iq({ type: 'get', name: 'query', ns: NS.mam, target: ['own'] }, () =>
      xml('query', { xmlns: NS.mam }, writeArchiveForm()),
    );
    api.iq({ type: 'get', name: 'metadata', ns: NS.mam, target: ['own'] }, ({ account }) => {
      if (account === undefined) throw new StanzaError('forbidden');
      return readMetadata(api.log, account.jid);
    });
    refuseOthers(api);
    // E5: the state of the archive at the barrier; what comes behind it is delivered live.
    api.on('boundInline', (session) =>
      readMetadata(api.log, session.account.jid, session.barrier ?? session.account.head),
    );
    sweepArchive(api);
  },
});

/** XEP-0313 §8.1: an archive is its owner's. The answer doesn't tell whether there is such an account. */
function refuseOthers(api: FeatureApi): void {
  const forbid = (): never => {
    throw new StanzaError('forbidden');
  };
  api.iq({ type: 'set', name: 'query', ns: NS.mam, target: ['account'] }, forbid);
  api.iq({ type: 'get', name: 'query', ns: NS.mam, target: ['account'] }, forbid);
  api.iq({ type: 'get', name: 'metadata', ns: NS.mam, target: ['account'] }, forbid);
}

/** Pages that are read at a time, for all sessions together: enough that the reader's thread need not be woken for each, few enough to let everybody else in. */
const PAGES_AT_A_TIME = 8;

/** What is known of a session that reads its archive. */
interface Reading {
  readonly reader: PageReader;
  /** Queries under way. */
  queries: number;
}

/** Answers queries: page by page, each as fast as its client reads. */
class Archive {
  readonly #api: FeatureApi;
  readonly #readings = new WeakMap<SessionView, Reading>();
  readonly #gate = new Gate(PAGES_AT_A_TIME);

  constructor(api: FeatureApi) {
    this.#api = api;
  }

  /** XEP-0313 §4: sends the messages, gives `<fin/>`. */
  async answer(session: SessionView, payload: Element): Promise<Element> {
    const query = readArchiveQuery(payload);
    const { mamQueries } = this.#api.config.limits;
    const reading = this.#reading(session);
    if (mamQueries > 0 && reading.queries >= mamQueries) {
      throw new StanzaError('resource-constraint', { text: 'Too many queries at the same time.' });
    }
    reading.queries += 1;
    try {
      const { fin, ...page } = await this.#gate.pass(async () => {
        const { rows, discard, ...read } = await reading.reader.read(query);
        return { rows: query.flipped ? rows.toReversed() : [...rows], discard, fin: writeFin({ rows, ...read }) };
      });
      const own = session.account.jid.toString();
      for await (const piece of deliverRows(this.#api.log, own, page, recipientOf(this.#api, session))) {
        for (const messages of this.#write(piece, session, query)) {
          if (!(await this.#api.deliverWritten(session, messages))) throw new StanzaError('recipient-unavailable');
        }
      }
      return fin;
    } finally {
      reading.queries -= 1;
    }
  }

  #write(rows: readonly Row[], { account, jid }: SessionView, { id }: ArchiveQuery): Iterable<WrittenMessages> {
    const address = { from: account.jid.toString(), to: jid.toString(), queryId: id };
    return writePage(rows, address, (row) =>
      writeResult(row, this.#api.present(account, row), address.from, address.to, id),
    );
  }

  #reading(session: SessionView): Reading {
    const known = this.#readings.get(session);
    if (known !== undefined) return known;
    const reader = new PageReader(this.#api.log, () => this.#api.config.limits, session.account.jid);
    const reading = { reader, queries: 0 };
    this.#readings.set(session, reading);
    // D5: it reads what it missed by itself.
    if (!session.imNg) this.#api.queriedArchive(session);
    return reading;
  }
}
