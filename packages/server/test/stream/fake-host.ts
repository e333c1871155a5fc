/** The core as streams see it, for tests. */
import { type Element, JID, NS, xml } from '@tutti/xmpp';
import type { BindRequest, Connection, Identity, StreamHost, StreamSession } from '../../src/stream/host.ts';

/** A session that writes down what happens to it. */
export class FakeSession implements StreamSession {
  readonly jid: JID;
  readonly received: Element[] = [];
  readonly events: string[] = [];
  idle?: () => void;

  constructor(jid: JID) {
    this.jid = jid;
  }

  receive(element: Element): void {
    this.received.push(element);
  }

  drained(): void {
    this.events.push('drained');
  }

  disconnected(_connection: Connection, clean: boolean): void {
    this.events.push(clean ? 'closed' : 'cut');
  }
}

/** A host for the domains localhost and tutti.example. */
export class FakeHost implements StreamHost {
  readonly sessions: FakeSession[] = [];
  readonly binds: { identity: Identity; request: BindRequest; connection: Connection }[] = [];
  /** Runs inside `bind`, before it gives the session. */
  whileBinding: (session: FakeSession, connection: Connection) => Promise<void> | void = () => undefined;
  refuseBind: Error | undefined;
  resumable = new Map<string, FakeSession>();
  loginFeatures?: NonNullable<StreamHost['loginFeatures']>;
  receiveBeforeLogin?: NonNullable<StreamHost['receiveBeforeLogin']>;

  servedDomain(name: string): string | undefined {
    const domain = JID.tryParse(name)?.toString();
    return domain === 'localhost' || domain === 'tutti.example' ? domain : undefined;
  }

  sessionFeatures(): readonly Element[] {
    return [xml('sm', { xmlns: NS.sm })];
  }

  bind2Features(): readonly string[] {
    return [NS.sm, NS.imNg];
  }

  async bind(identity: Identity, request: BindRequest, connection: Connection) {
    this.binds.push({ identity, request, connection });
    if (this.refuseBind !== undefined) throw this.refuseBind;
    const resource = request.resource ?? (request.tag === undefined ? 'made' : `${request.tag}/made`);
    const session = new FakeSession(identity.account.withResource(resource));
    this.sessions.push(session);
    await this.whileBinding(session, connection);
    const wanted = request.inline?.child('enable', NS.imNg);
    return { session, inline: wanted === undefined ? [] : [xml('enabled', { xmlns: NS.imNg })] };
  }

  async resume(identity: Identity, resume: Element, connection: Connection) {
    const previd = resume.attrs['previd'] ?? '';
    const session = this.resumable.get(previd);
    if (session === undefined || !session.jid.bare.equals(identity.account)) {
      return { answer: xml('failed', { xmlns: NS.sm }, xml('item-not-found', { xmlns: NS.stanzas })) };
    }
    const text = new TextEncoder().encode(`<message xmlns='jabber:client' id='again'/>`);
    return { session, answer: xml('resumed', { xmlns: NS.sm, previd, h: 7 }), start: () => connection.write(text) };
  }
}
