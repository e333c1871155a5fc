import type { Element } from '@tutti/xmpp';
import { bareOf } from './address.ts';
import { isConversational, readOriginId, readStanzaId, type Row } from './incoming.ts';

/** Without IM-NG: what came live and was not found in the archive yet, for servers that show a message before it is there. */
export class Expected {
  /** The account's bare JID. */
  readonly #own: string;
  /** How often each was looked for, by its name. */
  readonly #missed = new Map<string, number>();

  constructor(own: string) {
    this.#own = own;
  }

  /** A message came live, or its copy (XEP-0280): the archive has it or will have it, if it has an id there or a text. */
  note(message: Element): void {
    if (!isConversational(message) || message.attrs['type'] === 'error') return;
    const id = readStanzaId(message, this.#own);
    const name = nameOf(message);
    if (id !== undefined) this.#missed.set(id, 0);
    else if (name !== undefined && message.child('body') !== undefined) this.#missed.set(name, 0);
  }

  /** The archive has these. */
  found(rows: readonly Row[]): void {
    for (const { id, message } of rows) {
      this.#missed.delete(id);
      this.#missed.delete(nameOf(message) ?? '');
    }
  }

  /** What is looked for. */
  get all(): readonly string[] {
    return [...this.#missed.keys()];
  }

  /** The archive was read after these had come, and they were not there. Gives whether some are still hoped for. */
  missed(names: readonly string[], attempts: number): boolean {
    for (const name of names) {
      const missed = this.#missed.get(name);
      if (missed === undefined) continue;
      if (attempts > 0 && missed + 1 >= attempts) this.#missed.delete(name);
      else this.#missed.set(name, missed + 1);
    }
    return names.some((name) => this.#missed.has(name));
  }
}

/** Who said it, and what its sender calls it. */
function nameOf(message: Element): string | undefined {
  const id = readOriginId(message);
  return id === undefined ? undefined : `${bareOf(message.attrs['from'] ?? '')} ${id}`;
}
