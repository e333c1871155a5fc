import { type AccountFacts, planMessage, readMessage, type World as PlannedWorld } from '@tutti/routing';
import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { check } from '../failure.ts';
import { compareForms, compareRows, isOpen } from './compare.ts';
import { type Form, hasFact, type Row, type Scene, sketch, splitAddress, splitDevice } from './row.ts';
import { composeMessage } from './compose.ts';

const DOMAIN = 'tutti.example';

/** Plays a row against the pure `planMessage`, and throws unless the plan is what the row expects. */
export function playPlan(scene: Scene, row: Row): void {
  const { who, session } = splitDevice(row.send.from);
  const stanza = composeMessage(row.send, addressOf(row.send.to), 'row');
  const from = JID.of(who, DOMAIN, session);
  const to = row.send.to === '' ? undefined : JID.parse(stanza.attrs['to'] ?? '');
  const seen = new Outcome();
  seen.add(scene, stanza, from, to, who, session);
  check(
    (row.expect.error === undefined) === (seen.error === undefined) || isOpen(row.expect),
    `the error is ${seen.error ?? 'none'}, not ${row.expect.error ?? 'none'}`,
  );
  if (row.expect.error !== undefined && row.expect.error !== 'any') {
    check(seen.error === row.expect.error, `the error is ${seen.error}, not ${row.expect.error}`);
  }
  compareForms(row.expect, seen.sees);
  compareRows(row.expect, seen.rows);
}

class Outcome {
  readonly sees: Record<string, Form[]> = {};
  readonly rows: Record<string, number> = {};
  error: string | undefined;

  add(scene: Scene, stanza: Element, from: JID, to: JID | undefined, sender: string, session: string): void {
    const self = to === undefined || to.local === sender;
    const plan = planMessage(readMessage(stanza, from, to), worldOf(scene, sender, session, to, sender));
    for (const row of plan.rows) this.#row(row.side === 'sender' || self ? sender : (to?.local ?? ''));
    for (const { side, resource, form } of plan.deliveries) {
      const who = side === 'sender' || self ? sender : (to?.local ?? '');
      const own = side === 'sender' || (self && stanza.attrs['type'] !== 'error');
      this.#see(who, resource, form === 'as-sent' ? 'as sent' : form === 'archived' && own ? 'reflection' : form);
    }
    if (plan.error !== undefined) this.#bounce(scene, stanza, from, plan.error.condition, plan.error.marked);
    else if (plan.forward && to !== undefined && to.domain !== DOMAIN && stanza.attrs['type'] !== 'error') {
      // the other server is not there; the marker comes back as S7 has it
      this.#bounce(scene, stanza, from, 'remote-server-not-found', plan.rule === 'C3');
    }
  }

  /** S7: what comes back is a message of its own. */
  #bounce(
    scene: Scene,
    stanza: Element,
    sender: JID,
    condition: 'service-unavailable' | 'not-acceptable' | 'remote-server-not-found',
    marked: boolean,
  ): void {
    this.error = condition;
    const back = xml(
      'message',
      { type: 'error', id: stanza.attrs['id'], from: stanza.attrs['to'], to: sender.toString() },
      marked && xml('im-ng', { xmlns: NS.imNg }),
      new StanzaError(condition).toElement(),
    );
    const from = JID.parse(stanza.attrs['to'] ?? sender.bare.toString());
    // The answer is the server's own: nobody blocks it.
    const facts = scene.facts.filter((fact) => !fact.includes(' blocks '));
    const world = worldOf({ ...scene, facts }, undefined, '', sender, from.local);
    const plan = planMessage(readMessage(back, from, sender), world);
    for (const _ of plan.rows) this.#row(sender.local);
    for (const { resource, form } of plan.deliveries) {
      this.#see(
        sender.local,
        resource,
        form === 'archived' ? 'bounce' : form === 'as-sent' ? 'error' : 'error received',
      );
    }
  }

  #row(who: string): void {
    this.rows[who] = (this.rows[who] ?? 0) + 1;
  }

  #see(who: string, resource: string, form: Form): void {
    (this.sees[`${who}.${resource}`] ??= []).push(form);
  }
}

function worldOf(
  scene: Scene,
  sender: string | undefined,
  session: string,
  to: JID | undefined,
  other: string,
): PlannedWorld {
  const target = to === undefined ? (sender ?? '') : to.local;
  const destination =
    to === undefined || (to.domain === DOMAIN && to.local !== '')
      ? 'account'
      : to.domain === DOMAIN
        ? 'service'
        : 'remote';
  const own = sender === undefined ? undefined : factsOf(scene, sender, target);
  return {
    destination,
    ...(own === undefined ? {} : { sender: { ...own, resource: session } }),
    recipient: destination === 'account' ? (target === sender ? own : factsOf(scene, target, other)) : undefined,
    policy: 'everything',
  };
}

function factsOf(scene: Scene, who: string, other: string): AccountFacts | undefined {
  const person = sketch(scene.world, who);
  if (person === undefined) return undefined;
  return {
    jid: `${who}@${DOMAIN}`,
    sessions: person.sessions.map(({ name, imNg, carbons, priority }) => ({ resource: name, imNg, carbons, priority })),
    blocks: hasFact(scene.facts, `${who} blocks ${other}`),
    archives: !hasFact(scene.facts, `${who} never archives`),
  };
}

function addressOf(to: string): string | undefined {
  if (to === '') return undefined;
  const { who, resource } = splitAddress(to);
  const bare = who === 'service' ? DOMAIN : who === 'remote' ? 'someone@remote.example' : `${who}@${DOMAIN}`;
  return resource === '' ? bare : `${bare}/${resource}`;
}
