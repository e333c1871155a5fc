import { type Element, NS } from '@tutti/xmpp';
import { type Link, RemoteFailure } from '../../packages/server/src/federation/remote.ts';
import type { Chance } from '../world/chance.ts';
import type { Scheduler } from '../world/scheduler.ts';
import type { LinkMood } from './story.ts';

/** A stanza that has arrived at another server. */
export interface Arrival {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** It says that it comes late (XEP-0203). */
  readonly late: boolean;
  /** Elapsed ms. */
  readonly at: number;
}

interface Flight {
  readonly stanza: Element;
  readonly settled: (failure?: RemoteFailure) => void;
  arrived: boolean;
  over: boolean;
}

/** The network between this server and one other: what it carries may be cut off after any stanza, and nobody knows then what has arrived. */
export class RemoteLink implements Link {
  readonly arrivals: Arrival[] = [];
  /** When something was cut off, or refused. */
  readonly troubles: number[] = [];
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #heard: (stanza: Element) => void;
  #mood: LinkMood = 'up';
  #flights: Flight[] = [];
  /** How often the mood has changed: what was on its way before begins anew. */
  #moods = 0;
  /** Stanzas of the last connection, or of an attempt at one, whose senders are being told that it failed: until then nothing more is taken. */
  #settling = 0;
  /** Stanzas arrive in the order of their sending. */
  #lastAt = 0;

  constructor(scheduler: Scheduler, chance: Chance, heard: (stanza: Element) => void) {
    this.#scheduler = scheduler;
    this.#chance = chance;
    this.#heard = heard;
  }

  set mood(mood: LinkMood) {
    this.#mood = mood;
    this.#moods += 1;
    if (mood === 'down' || mood === 'gone') this.break(this.#chance.next());
    if (mood === 'up' || mood === 'slow') for (const flight of this.#flights) this.#carry(flight);
  }

  send(_from: string, _to: string, stanza: Element, settled: (failure?: RemoteFailure) => void): void {
    const mood = this.#settling > 0 && this.#mood !== 'gone' ? 'down' : this.#mood;
    if (mood === 'down' || mood === 'gone') {
      const failure =
        mood === 'down'
          ? new RemoteFailure('remote-server-timeout', true, 'no connection')
          : new RemoteFailure('remote-server-not-found', false, 'no such server');
      // RFC 6120 §10.1: what comes meanwhile belongs to the same attempt, and fails with it.
      this.#settling += 1;
      this.#scheduler.after(this.#chance.between(1, 40), () => {
        this.#settling -= 1;
        this.troubles.push(this.#scheduler.elapsed);
        settled(failure);
      });
      return;
    }
    const flight = { stanza, settled, arrived: false, over: false };
    this.#flights.push(flight);
    if (mood !== 'stuck') this.#carry(flight);
  }

  /** The connection breaks; `part` (0 … 1) of what has not arrived still does. */
  break(part: number): void {
    for (const { settled } of this.#cut(part)) {
      const failure = new RemoteFailure('remote-server-timeout', true, 'the connection was cut');
      this.#settling += 1;
      this.#scheduler.after(this.#chance.between(0, 20), () => {
        this.#settling -= 1;
        settled(failure);
      });
    }
  }

  /** The server's process dies: nobody is told. */
  die(part: number): void {
    this.#cut(part);
  }

  #cut(part: number): readonly Flight[] {
    this.troubles.push(this.#scheduler.elapsed);
    const flights = this.#flights;
    this.#flights = [];
    const under = flights.filter(({ arrived }) => !arrived);
    for (const flight of under.slice(0, Math.round(part * under.length))) this.#arrive(flight);
    for (const flight of flights) flight.over = true;
    return flights;
  }

  #carry(flight: Flight): void {
    if (flight.arrived) return this.#acknowledge(flight);
    const latency = this.#mood === 'slow' ? this.#chance.between(200, 900) : this.#chance.between(1, 30);
    this.#lastAt = Math.max(this.#lastAt, this.#scheduler.elapsed + latency);
    const mood = this.#moods;
    this.#scheduler.after(this.#lastAt - this.#scheduler.elapsed, () => {
      if (flight.over || flight.arrived || mood !== this.#moods) return;
      this.#arrive(flight);
      this.#acknowledge(flight);
    });
  }

  #acknowledge(flight: Flight): void {
    const mood = this.#moods;
    this.#scheduler.after(this.#chance.between(1, 30), () => {
      if (flight.over || mood !== this.#moods) return;
      flight.over = true;
      this.#flights = this.#flights.filter((one) => one !== flight);
      flight.settled();
    });
  }

  #arrive(flight: Flight): void {
    flight.arrived = true;
    const { stanza } = flight;
    const { id = '', from = '', to = '' } = stanza.attrs;
    const late = stanza.child('delay', NS.delay) !== undefined;
    if (stanza.name === 'message') this.arrivals.push({ key: id, from, to, late, at: this.#scheduler.elapsed });
    this.#heard(stanza);
  }
}
