/** Changes to what is valid, by a seed: the same seed makes the same changes. */
export class Mutator {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0;
  }

  /** A whole number from 0 to below `limit` (splitmix32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) % limit;
  }

  /** True once in `times`. */
  chance(times: number): boolean {
    return this.below(times) === 0;
  }

  pick(from: readonly string[], most: number): string[] {
    return Array.from({ length: 1 + this.below(most) }, () => from[this.below(from.length)] as string);
  }

  /** Changes bytes wherever they are: what comes out need not be XML. */
  mutate(text: string): string {
    let result = text;
    for (let times = this.below(4); times > 0; times -= 1) result = this.#mutateOnce(result);
    return result;
  }

  /** Changes values of attributes and text: what comes out is XML, and mostly wrong. */
  mutateContent(stanza: string): string {
    const change = (value: string): string => (this.chance(3) ? this.#value(value) : value);
    return stanza
      .replaceAll(/(\s(?!xmlns)[\w:]+=')([^']*)'/g, (_, name: string, value: string) => `${name}${change(value)}'`)
      .replaceAll(/>([^<>]+)</g, (_, value: string) => `>${change(value)}<`);
  }

  /** The same bytes in pieces. */
  cut(bytes: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = this.chance(3) ? 1 + this.below(3) : 1 + this.below(400);
      pieces.push(bytes.subarray(at, at + length));
      at += length;
    }
    return pieces;
  }

  #mutateOnce(text: string): string {
    const at = this.below(text.length + 1);
    const to = Math.min(text.length, at + this.below(60));
    switch (this.below(7)) {
      case 0:
        return text.slice(0, at) + text.slice(to);
      case 1:
        return text.slice(0, to) + text.slice(at);
      case 2:
        return text.slice(0, at) + String.fromCodePoint(this.below(0x300)) + text.slice(at);
      case 3:
        return text.slice(0, at) + (NASTY[this.below(NASTY.length)] as string) + text.slice(at);
      case 4:
        return text.slice(0, at) + text.slice(at, to).repeat(1 + this.below(50)) + text.slice(to);
      case 5:
        return text.slice(0, at);
      default:
        return text.slice(at) + text.slice(0, at);
    }
  }

  #value(value: string): string {
    const values = [
      '',
      ' ',
      value + value,
      value.toUpperCase(),
      value.slice(1),
      'x'.repeat(this.below(3000)),
      String(this.below(2 ** 31)),
      `-${this.below(100)}`,
      '99999999999999999999',
      'fuzz@localhost',
      'fuzz@localhost/r1',
      'localhost',
      'fuzz-alice@localhost',
      '@',
      'a@b@c/d',
      '\u0000'.replace('\u0000', '&#x9;'),
      '&lt;body&gt;',
      'ß'.repeat(600),
      '\u202E\u0661',
      '0000-00-00T00:00:00Z',
      'set',
      'error',
    ];
    return values[this.below(values.length)] as string;
  }
}

const NASTY = [
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '<![CDATA[',
  ']]>',
  '<!-- -->',
  '<?php ?>',
  '&b;',
  '&#0;',
  '&#xD800;',
  '</message>',
  '</stream:stream>',
  "<stream:stream xmlns='jabber:server'>",
  '<a xmlns:p="">',
  '<p:q/>',
  "<a a='1' a='2'/>",
  '<a>'.repeat(120),
  '\uFEFF',
  '\u0000',
  "<message xmlns='jabber:server'/>",
  "<error xmlns='http://etherx.jabber.org/streams'/>",
];
