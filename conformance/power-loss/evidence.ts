import { type Element, NS, StreamParser } from '@tutti/xmpp';
import { type Call, readBytes, TraceError } from './trace.ts';

/** Something that a client was told, from which it may conclude that a message is archived (I3). */
export interface Evidence {
  /** The line at which the call was entered that carried its first byte. */
  readonly line: number;
  readonly how: 'shown' | 'acknowledged';
  /** The resource that was told. */
  readonly to: string;
  readonly token: string;
  /** Whose archive, and the id there, where the stanza names them (XEP-0359). */
  readonly place: { readonly account: string; readonly id: string } | undefined;
}

const NO_LIMITS = { stanzaBytes: 0, depth: 0, attributes: 0, nameBytes: 0 };

/** Reads what the server has written to its clients' sockets, as a client would, with the line at which each element began. */
export class Witness {
  readonly evidence: Evidence[] = [];
  /** Errors that the server answered. */
  readonly errors: Element[] = [];
  readonly #token: RegExp;
  readonly #sent: (resource: string) => readonly string[];
  readonly #streams = new Map<string, { parser: StreamParser; resource: string; start: number; handled: number }>();

  /** `sent` gives the tokens of the messages that a resource has sent since it enabled stream management: all that its `h` counts. */
  constructor(token: RegExp, sent: (resource: string) => readonly string[]) {
    this.#token = token;
    this.#sent = sent;
  }

  /** Takes the next call of the trace. */
  apply(call: Call): void {
    if (!call.on.startsWith('TCP') || !(call.result >= 0)) return;
    if (!['write', 'writev', 'sendto', 'sendmsg'].includes(call.name)) {
      throw new TraceError(`line ${call.begin}: ${call.name} to a socket`);
    }
    let stream = this.#streams.get(call.on);
    if (stream === undefined) {
      stream = { parser: new StreamParser(NO_LIMITS), resource: '', start: 0, handled: 0 };
      this.#streams.set(call.on, stream);
    }
    // Byte by byte: the parser does not tell where an element began, only that one has ended.
    for (const byte of readBytes(call)) {
      if (stream.start === 0) stream.start = call.begin;
      stream.parser.write(Uint8Array.of(byte));
      for (let event = stream.parser.next(); event !== undefined; event = stream.parser.next()) {
        if (event.kind === 'element') this.#element(stream, event.element);
        // RFC 6120 §6.4.6: a new stream follows.
        if (event.kind === 'element' && event.element.is('success', NS.sasl))
          stream.parser = new StreamParser(NO_LIMITS);
        stream.start = 0;
      }
    }
  }

  #element(stream: { resource: string; start: number; handled: number }, element: Element): void {
    const jid = element.child('bind', NS.bind)?.child('jid')?.text();
    if (jid !== undefined) stream.resource = jid.slice(jid.indexOf('/') + 1);
    const { start: line, resource: to } = stream;
    if (element.is('a', NS.sm)) {
      const handled = Number(element.attrs['h']);
      const sent = this.#sent(to);
      if (handled > sent.length)
        throw new TraceError(`line ${line}: ${to} sent ${sent.length}, acknowledged are ${handled}`);
      for (const token of sent.slice(stream.handled, handled)) {
        this.evidence.push({ line, how: 'acknowledged', to, token, place: undefined });
      }
      stream.handled = handled;
      return;
    }
    if (element.attrs['type'] === 'error') return void this.errors.push(element);
    const stanzaId = element.child('stanza-id', NS.sid);
    const place = stanzaId && { account: stanzaId.attrs['by'] ?? '', id: stanzaId.attrs['id'] ?? '' };
    for (const token of new Set(element.toString().match(this.#token))) {
      this.evidence.push({ line, how: 'shown', to, token, place });
    }
  }
}
