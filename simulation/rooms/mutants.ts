import type { Mutant } from '../mutants/mutant.ts';

const MUC = 'server/src/features/xep-0045-muc';

/** A planted bug, and the seed from which on worlds are played: few of them reach some bugs. */
export interface RoomMutant extends Mutant {
  readonly from: number;
}

function mutant(name: string, file: string, find: string, replace: string, from = 1): RoomMutant {
  return { name, edits: [{ file, find, replace }], from };
}

/** What the worlds with a room have to find. */
export const roomMutants: readonly RoomMutant[] = [
  mutant(
    'D6: each copy is a message of its own',
    'server/src/router/messages.ts',
    'const isRoom = origin === undefined && isRoomPrivate(message);',
    'const isRoom = origin !== undefined && isRoomPrivate(message);',
  ),
  mutant(
    'D6: the room writes to one of the devices only, the one that is not there',
    `${MUC}/speak.ts`,
    'return { room, out: [{ to: listener.seats.map(({ jid }) => jid), stanza }] };',
    'return { room, out: [{ to: listener.seats.slice(1).map(({ jid }) => jid), stanza }] };',
  ),
  mutant(
    'D6: every copy has an id of its own',
    `${MUC}/rooms.ts`,
    'const copy = stanza.with({ to: jid.toString() });',
    'const copy = stanza.with({ to: jid.toString(), id: `${stanza.attrs.id}` + (stanza.attrs.type === "chat" && to.indexOf(jid) > 0 ? " " : "") });',
  ),
  mutant(
    'S4: groupchat to a room is archived',
    'routing/src/sender.ts',
    "if (type === 'groupchat' && world.destination !== 'account')",
    "if (type === 'letter' as string)",
  ),
  mutant(
    'A3: the room speaks before the commit',
    `${MUC}/room-actor.ts`,
    'this.#world.log.append(archive.keep ? [this.#row(archive)] : [], (result) => {',
    'if (archive.keep && this.#room) this.#send(archive.follow(this.#room, { id: `${"0".repeat(15)}1`, at: 0 }).out);\n    this.#world.log.append(archive.keep ? [this.#row(archive)] : [], (result) => {',
  ),
  mutant(
    'A3: the room speaks although the commit failed',
    `${MUC}/room-actor.ts`,
    'if (result instanceof Error) {',
    'if (result instanceof Error && Math.random() > 2) {',
  ),
  mutant(
    'order: what comes back while something is sent out is done in between',
    `${MUC}/room-actor.ts`,
    'this.#sending = true;',
    '',
    2220,
  ),
  mutant(
    'order: presence overtakes what waits for the log',
    'server/src/router/presences.ts',
    'if (account.uses === 0) return',
    'if (account.uses >= 0) return',
  ),
  mutant(
    'I1: who comes in is told one message of history less',
    `${MUC}/history.ts`,
    'return chosen.toReversed();',
    'return chosen.slice(1).toReversed();',
  ),
  mutant(
    'I2: the archive has another text',
    `${MUC}/speak.ts`,
    'const archive = archiveForm(room, speaker, from, said);',
    "const archive = archiveForm(room, speaker, from, said).append(xml('x', { xmlns: 'urn:example:mutant' }));",
  ),
  mutant(
    'a message that was taken back stays in the history',
    `${MUC}/speak.ts`,
    'retraction === undefined ? now.history :',
    'retraction !== undefined ? now.history :',
  ),
  mutant('a crash leaves no history', `${MUC}/rooms.ts`, '...(await this.archive.recall(room, config.rooms))', ''),
  mutant(
    'nobody is told that it could not be archived',
    `${MUC}/room-actor.ts`,
    "this.#report(result);\n        task.reject(new StanzaError('internal-server-error', { type: 'wait' }));",
    'task.resolve(undefined);',
  ),
];
