import { type Element, type JID, NS, readForm, readSingle, StanzaError, writeForm, xml } from '@tutti/xmpp';
import { randomId } from '../environment.ts';
import { approvalMessage } from './approval.ts';
import type { PubsubCore } from './core.ts';
import type { PubsubHost } from './host.ts';

/** XEP-0060 §8.7: the ad-hoc command by which an owner sees again who waits for approval. */
export const GET_PENDING = `${NS.pubsub}#get-pending`;

/** The command of a service, for those who own nodes there. It keeps nothing between its two stages. */
export class Pending {
  readonly #core: PubsubCore;

  constructor(core: PubsubCore) {
    this.#core = core;
  }

  /** One stage (XEP-0050 §2.4). Throws StanzaError. */
  async handle(host: PubsubHost, from: JID, command: Element): Promise<Element> {
    const { node, action = 'execute', sessionid = randomId(this.#core.random, 16) } = command.attrs;
    if (node !== GET_PENDING) throw new StanzaError('item-not-found', { text: 'There is no such command.' });
    const write = (status: string, ...children: Element[]): Element =>
      xml('command', { xmlns: NS.commands, node, sessionid, status }, ...children);
    if (action === 'cancel') return write('canceled');
    const submitted = command.child('x', NS.dataForms);
    if (submitted === undefined) {
      const form = await this.#ask(host, from);
      return write('executing', xml('actions', { execute: 'complete' }, xml('complete')), form);
    }
    const name = readSingle(readForm(submitted), 'pubsub#node');
    if (name === undefined || name === '') throw new StanzaError('bad-request', { text: 'Which node?' });
    await this.#remind(host, from, name);
    return write('completed');
  }

  /** §8.7.2: which of the nodes where somebody waits. */
  async #ask(host: PubsubHost, from: JID): Promise<Element> {
    const { members } = this.#core;
    const service = host.jid.toString();
    const waiting = await members.nodesWithPending(service);
    const own = await members.affiliationsOf(service, from.bare.toString());
    const owned = new Set(own.filter(({ affiliation }) => affiliation === 'owner').map(({ node }) => node));
    const options = host.isOwner(from) ? waiting : waiting.filter((name) => owned.has(name));
    return writeForm('form', NS.pubsubSubscribeAuthorization, [
      { var: 'pubsub#node', type: 'list-single', label: 'The node', required: true, options },
    ]);
  }

  /** §8.7.4: one message for each who waits, to who asks; as many as a page may have. */
  async #remind(host: PubsubHost, from: JID, name: string): Promise<void> {
    const node = await this.#core.owned(host, name, from);
    const most = host.limits.page.items;
    let told = 0;
    for await (const { jid, state } of this.#core.members.subscribers(node.id)) {
      if (state !== 'pending') continue;
      if (most > 0 && told >= most) return;
      told += 1;
      this.#core.route(approvalMessage(this.#core, host, node, jid, from.toString()));
    }
  }
}
