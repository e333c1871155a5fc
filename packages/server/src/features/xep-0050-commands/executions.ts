import { type DataForm, type Element, NS, readForm, StanzaError, xml } from '@tutti/xmpp';
import {
  type AdHocCommand,
  type CommandRequest,
  type CommandResult,
  type FeatureApi,
  type IqRequest,
  randomId,
} from '../../feature.ts';

/** How long a form may take to be filled in, in ms. */
const LIFETIME_MS = 10 * 60 * 1000;

/** Commands that one requester may have begun at a time; the oldest gives way. */
const PER_REQUESTER = 10;

/** A command whose form is with the requester. */
interface Execution {
  readonly id: string;
  readonly node: string;
  /** Full JID: §3.3 */
  readonly requester: string;
  readonly end: () => void;
}

/** The commands that have been begun. */
export class Executions {
  readonly #api: FeatureApi;
  readonly #open = new Map<string, Execution>();

  constructor(api: FeatureApi) {
    this.#api = api;
  }

  /** XEP-0050 §2.4: one stage of a command. */
  async handle(request: IqRequest): Promise<Element> {
    const { payload, from, session, domain } = request;
    const { node = '', sessionid, action = 'execute' } = payload.attrs;
    const command = this.#api.commands().get(node);
    if (command === undefined) throw new StanzaError('item-not-found', { text: 'There is no such command.' });
    if (!command.allows(from)) throw new StanzaError('forbidden', { text: 'This command is not for you.' });
    if (!ACTIONS.has(action)) throw problem('malformed-action', `There is no action '${action}'.`);
    const asked: CommandRequest = { from, session, domain };
    if (sessionid === undefined) {
      if (action === 'cancel' || action === 'prev') throw problem('bad-action', 'Nothing has been begun.');
      const form = payload.child('x', NS.dataForms);
      return command.form === undefined || form !== undefined
        ? this.#finish(command, newId(this.#api), asked, form)
        : this.#begin(command, asked);
    }
    const execution = this.#open.get(sessionid);
    if (execution === undefined || execution.requester !== from.toString() || execution.node !== node) {
      throw problem('session-expired', 'That command is over.', 'not-allowed');
    }
    if (action === 'cancel') {
      execution.end();
      return xml('command', { xmlns: NS.commands, sessionid, node, status: 'canceled' });
    }
    // There is one form, and nothing before it.
    if (action === 'prev') throw problem('bad-action', 'There is nothing before this form.');
    const answer = await this.#finish(command, sessionid, asked, payload.child('x', NS.dataForms));
    execution.end();
    return answer;
  }

  async #begin(command: AdHocCommand, asked: CommandRequest): Promise<Element> {
    const form = await command.form?.(asked);
    const { id } = this.#remember(command.node, asked.from.toString());
    return xml(
      'command',
      { xmlns: NS.commands, sessionid: id, node: command.node, status: 'executing' },
      xml('actions', { execute: 'complete' }, xml('complete')),
      form,
    );
  }

  async #finish(
    command: AdHocCommand,
    sessionid: string,
    asked: CommandRequest,
    form: Element | undefined,
  ): Promise<Element> {
    if (command.form !== undefined && form === undefined) throw problem('bad-payload', 'The form is missing.');
    const filledIn: DataForm | undefined = form && readForm(form);
    const result: CommandResult = await command.run(asked, filledIn);
    this.#api.logger.info(
      { command: command.node, by: asked.from.toString(), failed: result.failed ?? false },
      'command',
    );
    const note = result.note && xml('note', { type: result.failed === true ? 'error' : 'info' }, result.note);
    return xml(
      'command',
      { xmlns: NS.commands, sessionid, node: command.node, status: 'completed' },
      note,
      result.form,
    );
  }

  #remember(node: string, requester: string): Execution {
    const others = [...this.#open.values()].filter((one) => one.requester === requester);
    if (others.length >= PER_REQUESTER) others[0]?.end();
    const id = newId(this.#api);
    const timer = this.#api.clock.after(LIFETIME_MS, () => this.#open.delete(id));
    const end = (): void => {
      timer.cancel();
      this.#open.delete(id);
    };
    const execution = { id, node, requester, end };
    this.#open.set(id, execution);
    return execution;
  }
}

const ACTIONS = new Set(['execute', 'cancel', 'prev', 'next', 'complete']);

function newId({ random }: FeatureApi): string {
  return randomId(random, 16);
}

/** XEP-0050 §4.4: the errors of commands. */
function problem(
  specific: string,
  text: string,
  condition: 'bad-request' | 'not-allowed' = 'bad-request',
): StanzaError {
  return new StanzaError(condition, { text, extra: xml(specific, { xmlns: NS.commands }) });
}
