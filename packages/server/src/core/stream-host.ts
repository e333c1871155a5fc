import { type Element, errorReply, JID, NS, resultReply, StanzaError, StreamError, xml } from '@tutti/xmpp';
import { randomId } from '../environment.ts';
import type { LocalAccount } from '../router/local-account.ts';
import { Session } from '../session/session.ts';
import { readCount } from '../session/stream-management.ts';
import { addressBlock } from '../stream/address.ts';
import type { BindRequest, BoundSession, Connection, Identity, StreamHost, StreamSession } from '../stream/host.ts';
import type { Core } from './core.ts';

/** The core as streams see it: binding and resuming sessions. */
export class CoreStreamHost implements StreamHost {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  servedDomain(name: string): string | undefined {
    const jid = JID.tryParse(name);
    return jid?.isDomain === true && this.#core.isLocalDomain(jid.domain) ? jid.domain : undefined;
  }

  sessionFeatures(domain: string, session?: StreamSession): readonly Element[] {
    const features = this.#core.registry.streamFeatures.map((make) => make(domain));
    // XEP-0198 §3: not offered where it is on, or clients that got it inline ask for it again.
    const isManaged = session instanceof Session && session.outbox.sm !== undefined;
    return isManaged ? features.filter((feature) => !feature.is('sm', NS.sm)) : features;
  }

  loginFeatures(): readonly Element[] {
    const features = [...this.#core.registry.earlyServices.values()].map(({ streamFeature }) => streamFeature());
    return features.filter((feature) => feature !== undefined);
  }

  async receiveBeforeLogin(domain: string, iq: Element, connection: Connection): Promise<Element | undefined> {
    const { id, type } = iq.attrs;
    const [payload, ...others] = iq.elements;
    const isRequest = (type === 'get' || type === 'set') && id !== undefined && id !== '' && others.length === 0;
    const service = payload && this.#core.registry.earlyServices.get(payload.ns);
    if (!isRequest || payload === undefined || service === undefined) return undefined;
    try {
      const result = await service.answer({
        iq,
        payload,
        domain,
        address: addressBlock(connection.address),
        connection,
      });
      return result === undefined ? resultReply(iq) : resultReply(iq, result);
    } catch (error) {
      if (error instanceof StanzaError) return errorReply(iq, error);
      this.#core.logger.error({ error: String(error), stack: (error as Error).stack }, 'a request before login failed');
      return errorReply(iq, new StanzaError('internal-server-error', { type: 'wait' }));
    }
  }

  bind2Features(): readonly string[] {
    const namespaces = [...this.#core.registry.bind2.keys()].map((key) => key.slice(key.indexOf(' ') + 1));
    return [...new Set([NS.sm, ...namespaces])];
  }

  async bind(identity: Identity, request: BindRequest, connection: Connection): Promise<BoundSession> {
    const core = this.#core;
    const jid = this.#chooseResource(identity.account, request);
    const agent = identity.agent?.id;
    const account = await core.accounts.load(identity.account);
    // Also when that happened right before this: a session of a forgotten account would belong to nobody.
    if (account === undefined || !isSame(account, identity) || core.accounts.get(account.name) !== account)
      throw new StanzaError('not-authorized', { text: 'The account has been removed.' });
    // From here to the new session nothing waits, so there is never more than one of a resource, and the one that comes last stays.
    makeWay(account, jid, agent);
    const { sessionsPerAccount } = core.limits;
    if (sessionsPerAccount > 0 && account.sessions.length >= sessionsPerAccount) {
      throw new StanzaError('resource-constraint', { type: 'wait', text: 'Too many sessions of this account.' });
    }
    const session = new Session(core, account, jid, connection, agent);
    core.addSession(session);
    try {
      return { session, inline: request.inline === undefined ? [] : await this.#bindInline(session, request.inline) };
    } catch (error) {
      session.end(); // no stream knows of it
      throw error;
    }
  }

  async resume(identity: Identity, resume: Element, connection: Connection): ReturnType<StreamHost['resume']> {
    const session = this.#core.resumable(resume.attrs['previd'] ?? '');
    const h = readCount(resume);
    if (h === undefined) return { answer: failed('bad-request') };
    if (session === undefined || !session.account.jid.equals(identity.account))
      return { answer: failed('item-not-found') };
    // XEP-0198 §5: the count that the client gets covers all that has come from it.
    await session.whenQuiet();
    if (!isSame(session.account, identity) || session.ended || session.outbox.sm === undefined)
      return { answer: failed('item-not-found') };
    const start = session.resume(connection, h);
    const { id, handled } = session.outbox.sm;
    return { session, answer: xml('resumed', { xmlns: NS.sm, previd: id, h: handled }), start };
  }

  /** RFC 6120 §7.6, §7.7; XEP-0386 §4: a resource that the server makes is the client's tag and something unguessable. */
  #chooseResource(account: JID, request: BindRequest): JID {
    const { resource, tag } = request;
    const made = (): string => (tag === undefined ? '' : `${tag}~`) + randomId(this.#core.options.random, 12);
    try {
      return account.withResource(resource === undefined || resource === '' ? made() : resource);
    } catch {
      throw new StanzaError('bad-request', { text: 'That is no valid resource.' });
    }
  }

  /** In the order of the features, whatever the order of the request: IM-NG before Carbons (E3). */
  async #bindInline(session: Session, inline: Element): Promise<Element[]> {
    const answers: Element[] = [];
    for (const [key, handler] of this.#core.registry.bind2) {
      const element = inline.elements.find((child) => `${child.name} ${child.ns}` === key);
      if (element === undefined) continue;
      const answer = await handler(session, element);
      if (answer !== undefined) answers.push(answer);
    }
    answers.push(...(await this.#core.registry.boundInline(session)));
    // XEP-0386 §4, XEP-0198 §9: last, so that what the server has sent so far is not counted.
    const enable = inline.elements.find((child) => child.is('enable', NS.sm));
    if (enable !== undefined) {
      const wanted = enable.attrs['resume'];
      answers.push(session.enableStreamManagement(wanted === 'true' || wanted === '1'));
    }
    return answers;
  }
}

/** Whether the account is still the one whose owner has logged in, and not a later one of its name: that would be another object. */
function isSame(account: LocalAccount, { incarnation }: Identity): boolean {
  return incarnation === undefined || account.incarnation === incarnation;
}

/** XEP-0198 §5: the client may go on and bind. */
function failed(condition: 'item-not-found' | 'bad-request'): Element {
  return xml('failed', { xmlns: NS.sm }, xml(condition, { xmlns: NS.stanzas }));
}

/** RFC 6120 §7.7.2.2: a new session takes the place of the old one with its resource; XEP-0386 §4: so it does of its installation's. */
function makeWay(account: LocalAccount, jid: JID, agent: string | undefined): void {
  for (const old of account.sessions) {
    const isReplaced = old.resource === jid.resource || (agent !== undefined && old.agent === agent);
    if (isReplaced) old.terminate(new StreamError('conflict', 'Replaced by a new connection.'));
  }
}
