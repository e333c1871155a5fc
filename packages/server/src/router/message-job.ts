import { type Element, type JID, NS } from '@tutti/xmpp';
import {
  archivedForm,
  type Message,
  type Plan,
  planMessage,
  type Side,
  withoutForgedIds,
  type World,
} from '@tutti/routing';
import type { NewRow } from '../log/log.ts';
import type { Session } from '../session/session.ts';
import type { LocalAccount } from './local-account.ts';
import { REPEAT_WINDOW_MS, repeatKey } from './repeat.ts';
import type { Copies } from './room-copies.ts';
import type { Bounce, Done, RouterCore } from './router-core.ts';

/** What an account wants to have to do with the other party (XEP-0191, XEP-0441). */
type Wishes = Pick<NonNullable<World['recipient']>, 'blocks' | 'archives'>;

/** One message on its way: from the decision to the deliveries. */
export class MessageJob {
  readonly stanza: Element;
  readonly from: JID;
  readonly message: Message;
  readonly origin: Session | undefined;
  readonly recipient: LocalAccount | undefined;
  readonly done: Done;
  /** The server's own answer (S7). */
  readonly own: boolean;
  /** It ends a parcel. */
  readonly bounce: Bounce | undefined;
  readonly plan: Plan;
  readonly #core: RouterCore;
  readonly #destination: World['destination'];
  /** D6: what it shares with the other copies of a room's private message. */
  readonly copies: Copies | undefined;
  /** D6: it is not the first of them. */
  readonly isCopy: boolean;
  readonly #revision: number;
  /** Asked once: they decide the rows, which are the same after the commit whatever a user has changed meanwhile (A2, A8, D4). */
  readonly #wishes: Readonly<Record<Side, Wishes | undefined>>;
  readonly #archived = new Map<Side, Element>();
  readonly #bytes = new Map<Element, Uint8Array>();

  constructor(
    core: RouterCore,
    given: Pick<MessageJob, 'stanza' | 'from' | 'message' | 'origin' | 'recipient' | 'done' | 'own' | 'bounce'>,
    destination: World['destination'],
    copies?: Copies,
  ) {
    this.#core = core;
    // XEP-0359 §3, A6: what claims to be an archive id of the sender's account goes no further than here.
    this.stanza = given.origin === undefined ? given.stanza : withoutForgedIds(given.stanza, given.origin.account.name);
    this.from = given.from;
    this.message = given.message;
    this.origin = given.origin;
    this.recipient = given.recipient;
    this.done = given.done;
    this.own = given.own;
    this.bounce = given.bounce;
    this.#destination = destination;
    this.copies = copies;
    this.isCopy = copies?.outcome !== undefined;
    this.#revision = this.#currentRevision();
    this.#wishes = {
      sender: this.#wishesOf(this.origin?.account, this.message.to ?? this.from),
      recipient: this.#wishesOf(this.recipient, this.from),
    };
    this.plan = this.#decide();
  }

  /** The plan as of now: sessions may have come and gone during the commit. Its rows are the same (A2). */
  currentPlan(): Plan {
    return this.#currentRevision() === this.#revision ? this.plan : this.#decide();
  }

  account(side: Side): LocalAccount {
    return (side === 'sender' ? this.origin?.account : this.recipient) as LocalAccount;
  }

  /** A4: the stanza as the side's account archives it. Both sides of a message that nothing is to be changed in share one object. */
  archived(side: Side): Element {
    const known = this.#archived.get(side);
    if (known !== undefined) return known;
    const toBare = this.plan.rows.find((row) => row.side === side)?.toBare ?? this.#wouldBeBare(side);
    const element = archivedForm(this.stanza, { toBare }, this.account(side).name, this.#bareAddress);
    this.#archived.set(side, element);
    return element;
  }

  /** The stanza for legacy sessions and for class one: as sent, less what claims to be this account's (XEP-0359 §5). */
  asSent(side: Side): Element {
    if (this.plan.class === 'one') return withoutForgedIds(this.stanza, this.account(side).name);
    return archivedForm(this.stanza, { toBare: false }, this.account(side).name, this.#bareAddress);
  }

  /** The rows to commit, in the order of the plan. */
  rows(): NewRow[] {
    return this.plan.rows.map((row) => {
      const bytes = this.#bytesOf(this.archived(row.side));
      const outgoing = row.side === 'sender';
      const peer = outgoing ? (this.message.to ?? this.from.bare) : this.from;
      const { originId } = this.message.content;
      return {
        account: this.account(row.side).name,
        peer: peer.bare.toString(),
        peerResource: peer.resource,
        stanza: bytes,
        transient: row.transient,
        groupchat: this.message.type === 'groupchat',
        outgoing,
        offline: row.offline,
        // S8: only what a session sends can be a repetition.
        ...(outgoing && originId !== undefined
          ? { dedupe: { key: repeatKey(this.stanza, originId), windowMs: REPEAT_WINDOW_MS } }
          : {}),
      };
    });
  }

  /** The stanza as it leaves the server: the array of the sender's row where that is the same. */
  outgoingBytes(): Uint8Array {
    return this.#bytesOf(this.stanza);
  }

  #bytesOf(element: Element): Uint8Array {
    const bytes = this.#bytes.get(element) ?? element.toBytes(NS.client);
    this.#bytes.set(element, bytes);
    return bytes;
  }

  get #bareAddress(): boolean {
    return this.message.to === undefined || this.message.to.isBare;
  }

  /** Where nothing is archived (A7, A8) IM-NG sessions get the same form. */
  #wouldBeBare(side: Side): boolean {
    return side === 'recipient' && (this.plan.rule === 'C4' || this.plan.rule === 'C5');
  }

  #decide(): Plan {
    const { origin, message } = this;
    const sender = this.#facts('sender');
    return planMessage(message, {
      destination: this.#destination,
      policy: this.#core.archivePolicy,
      roomCopy: this.isCopy,
      recipient: this.#facts('recipient'),
      ...(origin === undefined || sender === undefined ? {} : { sender: { ...sender, resource: origin.resource } }),
    });
  }

  #facts(side: Side): World['recipient'] {
    const wishes = this.#wishes[side];
    if (wishes === undefined) return undefined;
    const { name, sessions } = this.account(side);
    return { jid: name, sessions, ...wishes };
  }

  #wishesOf(account: LocalAccount | undefined, peer: JID): Wishes | undefined {
    if (account === undefined) return undefined;
    return { blocks: !this.own && this.#core.blocks(account, peer), archives: this.#core.archives(account, peer) };
  }

  #currentRevision(): number {
    return (this.origin?.account.revision ?? 0) + (this.recipient?.revision ?? 0);
  }
}
