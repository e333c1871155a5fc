/** A room for the list of rooms (XEP-0045 §6.3). */
export interface ListedRoom {
  readonly jid: string;
  readonly name: string;
}

/** The rooms of a service that are shown to everybody: thousands perhaps, and anybody may ask for them at any time. */
export class PublicRooms {
  /** Names by address. */
  readonly #names: Map<string, string>;
  #sorted: readonly ListedRoom[] | undefined;

  constructor(rooms: readonly ListedRoom[]) {
    this.#names = new Map(rooms.map(({ jid, name }) => [jid, name]));
  }

  /** `name`: undefined where the room is shown no more. */
  set(jid: string, name: string | undefined): void {
    if (this.#names.get(jid) === name) return;
    if (name === undefined) this.#names.delete(jid);
    else this.#names.set(jid, name);
    this.#sorted = undefined;
  }

  /** In the order of their addresses. */
  list(): readonly ListedRoom[] {
    this.#sorted ??= [...this.#names]
      .map(([jid, name]) => ({ jid, name }))
      .toSorted((a, b) => (a.jid < b.jid ? -1 : 1));
    return this.#sorted;
  }
}
