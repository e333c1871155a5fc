import { checkLimit, type ParserLimits } from './scanner-limits.ts';
import { checkName, isPlainName, skipName, skipPlainName } from './scanner-names.ts';
import { Scope } from './scanner-scope.ts';
import { isSpace, malformed, skipEndTag, skipInCdata, skipInText, skipInValue } from './scanner-skip.ts';
import { BRACKET, IN_TEXT, IN_VALUE, PLAIN, QUOTE } from './scanner-tables.ts';
import { type Head, Tag } from './scanner-tag.ts';
import { XmlError } from './xml-error.ts';
import { NO_PREFIXES, type Prefixes } from './xml-names.ts';

// Where the scanner stands between two bytes.
const TEXT = 0;
const AFTER_OPEN = 1; // behind '<'
const ELEMENT_NAME = 2;
const AFTER_NAME = 3; // behind the element's name or an attribute: white space, '/' or '>'
const IN_TAG = 4; // behind white space: an attribute may follow
const ATTRIBUTE_NAME = 5;
const BEFORE_EQUALS = 6;
const BEFORE_VALUE = 7;
const ATTRIBUTE_VALUE = 8;
const EMPTY_END = 9; // behind the '/' of '<a/'
const CLOSE_NAME = 10;
const CLOSE_END = 11;
const CDATA_OPEN = 12; // behind '<!'
const CDATA = 13;

const CDATA_START = [0x5b, 0x43, 0x44, 0x41, 0x54, 0x41, 0x5b]; // [CDATA[

/**
 * Scans one element with all its content for well-formedness (XML 1.0 and Namespaces in XML 1.0 with the restrictions of
 * RFC 6120 §11.1) and remembers where its content lies. It can stop and go on at any byte, and looks at every byte a few times
 * at most, however the bytes are cut. Nothing but the root's open tag is turned into strings.
 */
export class Scanner {
  /** Where to go on. */
  pos = 0;
  /** The root's open tag, once it is complete. */
  root: Head | undefined;
  /** Where the root's content lies, once the element is complete. */
  innerStart = 0;
  innerEnd = 0;

  #limits: Readonly<ParserLimits>;
  readonly #tag = new Tag();
  readonly #scope = new Scope();
  #contextNs = '';
  #state = AFTER_OPEN;
  #depth = 0;
  #names: Int32Array = new Int32Array(64); // start and end of the open elements' names
  #quote = 0;
  #matched = 0; // bytes of an end tag's name or of '[CDATA[' that are there already
  #lastOpen = 0; // the last '<'

  constructor(limits: Readonly<ParserLimits>) {
    this.#limits = limits;
  }

  /** As though it were new. */
  reset(limits: Readonly<ParserLimits>): void {
    this.#limits = limits;
    this.pos = 0;
    this.root = undefined;
  }

  /** Gets ready for an element whose '<' stands at `start`, in a context of namespaces. */
  begin(start: number, contextNs: string, prefixes: Prefixes): void {
    this.pos = start + 1;
    this.root = undefined;
    this.#contextNs = contextNs;
    this.#scope.reset(prefixes);
    this.#state = AFTER_OPEN;
    this.#depth = 0;
  }

  /** The prefixes with which the scanned element stands alone: its own, and those of the context that it uses. */
  collectPrefixes(): Prefixes {
    return this.#scope.collect(this.root?.prefixes ?? NO_PREFIXES);
  }

  /** Follows the bytes when they move, between two calls of `scan`. */
  move(by: number): void {
    this.pos += by;
    this.innerStart += by;
    this.#lastOpen += by;
    this.#tag.move(by);
    for (let i = 0; i < this.#depth * 2; i += 1) this.#names[i]! += by;
  }

  /**
   * Goes on to the end of the element, or with `headOnly` of its open tag: true. When bytes[..end) do not reach so far: false,
   * and `pos` tells where to go on with more bytes. Throws XmlError.
   */
  scan(bytes: Uint8Array, end: number, headOnly = false): boolean {
    const tag = this.#tag;
    const { nameBytes } = this.#limits;
    let pos = this.pos;
    let state = this.#state;
    scanning: while (pos < end) {
      const byte = bytes[pos]!;
      switch (state) {
        case TEXT: {
          while (pos < end && IN_TEXT[bytes[pos]!] === PLAIN) pos += 1;
          if (pos === end) break scanning;
          if (bytes[pos] === 0x3c) {
            this.#lastOpen = pos;
            pos += 1;
            state = AFTER_OPEN;
            break;
          }
          const next = skipInText(bytes, pos, end);
          if (next === pos) break scanning;
          pos = next;
          break;
        }
        case AFTER_OPEN:
          state = this.#chooseMarkup(byte, pos);
          if (state === CLOSE_NAME) {
            const name = this.#depth * 2 - 2;
            const next = skipEndTag(bytes, pos, end, this.#names[name]!, this.#names[name + 1]!);
            if (next !== pos) {
              pos = next;
              state = TEXT;
              if (this.#closeElement()) return this.#stop(pos, state, true);
              break;
            }
          }
          if (state !== ELEMENT_NAME) pos += 1;
          break;
        case ELEMENT_NAME: {
          const start = tag.name;
          const whole = pos === start;
          pos = skipPlainName(bytes, pos, end);
          if (whole && pos < end && isPlainName(bytes, start, pos)) {
            checkLimit(nameBytes, pos - start, 'bytes in a name');
            tag.endName(pos, 0);
          } else {
            pos = skipName(bytes, start, pos, end, nameBytes);
            if (pos === end || bytes[pos]! >= 0x80) break scanning;
            tag.endName(pos, checkName(bytes, start, pos));
          }
          state = AFTER_NAME;
          break;
        }
        case AFTER_NAME:
          if (byte === 0x3e) {
            pos += 1;
            this.#openElement(bytes, pos);
            state = TEXT;
            if (headOnly) return this.#stop(pos, state, true);
          } else if (byte === 0x2f) {
            pos += 1;
            state = EMPTY_END;
          } else if (isSpace(byte)) {
            const next = tag.takeAttribute(bytes, pos + 1, end, this.#limits);
            if (next === pos + 1) state = IN_TAG;
            pos = next;
          } else {
            throw malformed('white space was expected in a tag');
          }
          break;
        case IN_TAG:
          if (isSpace(byte)) {
            pos += 1;
          } else if (byte === 0x3e || byte === 0x2f) {
            state = AFTER_NAME;
          } else {
            checkLimit(this.#limits.attributes, tag.count + 1, 'attributes');
            tag.beginAttribute(pos);
            state = ATTRIBUTE_NAME;
          }
          break;
        case ATTRIBUTE_NAME: {
          const start = tag.attributeName;
          const whole = pos === start;
          pos = skipPlainName(bytes, pos, end);
          if (whole && pos < end && isPlainName(bytes, start, pos)) {
            checkLimit(nameBytes, pos - start, 'bytes in a name');
            tag.endAttributeName(bytes, pos, 0);
          } else {
            pos = skipName(bytes, start, pos, end, nameBytes);
            if (pos === end || bytes[pos]! >= 0x80) break scanning;
            tag.endAttributeName(bytes, pos, checkName(bytes, start, pos));
          }
          state = BEFORE_EQUALS;
          if (bytes[pos] !== 0x3d || pos + 1 >= end) break;
          pos += 1; // what nearly always follows is looked at without another turn
          state = BEFORE_VALUE;
          break;
        }
        case BEFORE_EQUALS:
          if (byte === 0x3d) state = BEFORE_VALUE;
          else if (!isSpace(byte)) throw malformed("'=' was expected behind an attribute's name");
          pos += 1;
          break;
        case BEFORE_VALUE:
          pos += 1;
          if (byte === 0x27 || byte === 0x22) {
            this.#quote = byte;
            tag.beginValue(pos);
            state = ATTRIBUTE_VALUE;
          } else if (!isSpace(byte)) {
            throw malformed("an attribute's value must be quoted");
          }
          break;
        case ATTRIBUTE_VALUE: {
          while (pos < end && IN_VALUE[bytes[pos]!] === PLAIN) pos += 1;
          if (pos === end) break scanning;
          if (bytes[pos] === this.#quote) {
            tag.endValue(pos);
            pos += 1;
            state = AFTER_NAME;
            break;
          }
          const next = skipInValue(bytes, pos, end);
          if (next === pos) break scanning;
          if (IN_VALUE[bytes[pos]!] !== QUOTE) tag.markCoded();
          pos = next;
          break;
        }
        case EMPTY_END:
          if (byte !== 0x3e) throw malformed("'>' was expected behind '/'");
          pos += 1;
          this.#openElement(bytes, pos);
          state = TEXT;
          if (headOnly) return this.#stop(pos, state, true);
          this.#lastOpen = pos;
          if (this.#closeElement()) return this.#stop(pos, state, true);
          break;
        case CLOSE_NAME: {
          const shift = pos - this.#matched - this.#names[this.#depth * 2 - 2]!;
          const nameEnd = Math.min(end, this.#names[this.#depth * 2 - 1]! + shift);
          for (; pos < nameEnd; pos += 1) {
            if (bytes[pos] !== bytes[pos - shift]) throw malformed('an end tag does not match');
            this.#matched += 1;
          }
          if (pos < end) state = CLOSE_END;
          break;
        }
        case CLOSE_END:
          pos += 1;
          if (byte === 0x3e) {
            state = TEXT;
            if (this.#closeElement()) return this.#stop(pos, state, true);
          } else if (!isSpace(byte)) {
            throw malformed('an end tag does not match');
          }
          break;
        case CDATA_OPEN:
          if (byte !== CDATA_START[this.#matched]) throw refuseDeclaration(this.#matched);
          pos += 1;
          this.#matched += 1;
          if (this.#matched === CDATA_START.length) state = CDATA;
          break;
        case CDATA: {
          if (IN_TEXT[byte] === BRACKET && bytes[pos - 1] === 0x5d && bytes[pos - 2] === 0x5d) state = TEXT;
          const next = skipInCdata(bytes, pos, end);
          if (next === pos) break scanning;
          pos = next;
          break;
        }
      }
    }
    return this.#stop(pos, state, false);
  }

  #stop(pos: number, state: number, complete: boolean): boolean {
    this.pos = pos;
    this.#state = state;
    return complete;
  }

  #chooseMarkup(byte: number, pos: number): number {
    this.#matched = 0;
    if (byte === 0x2f && this.#depth > 0) return CLOSE_NAME;
    if (byte === 0x21 && this.#depth > 0) return CDATA_OPEN;
    if (byte === 0x21 || byte === 0x3f) throw restricted();
    checkLimit(this.#limits.depth, this.#depth + 1, 'levels of elements');
    this.#tag.begin(pos);
    return ELEMENT_NAME;
  }

  #openElement(bytes: Uint8Array, behind: number): void {
    const tag = this.#tag;
    const depth = this.#depth;
    tag.check(bytes, this.#scope, depth);
    if (depth === 0) {
      this.root = tag.read(bytes, this.#scope, this.#contextNs);
      this.innerStart = behind;
    }
    if (depth * 2 === this.#names.length) this.#names = grow(this.#names);
    this.#names[depth * 2] = tag.name;
    this.#names[depth * 2 + 1] = tag.nameEnd;
    this.#depth = depth + 1;
  }

  /** Ends the innermost element; true when it was the root. */
  #closeElement(): boolean {
    this.#depth -= 1;
    this.#scope.leave(this.#depth);
    this.innerEnd = this.#lastOpen;
    return this.#depth === 0;
  }
}

function grow(array: Int32Array): Int32Array {
  const grown = new Int32Array(array.length * 2);
  grown.set(array);
  return grown;
}

function restricted(): XmlError {
  return new XmlError('restricted-xml', 'no processing instructions, comments or document types'); // RFC 6120 §11.1
}

/** The error for a '<!' that does not begin a CDATA section; `matched` bytes of '[CDATA[' were right. */
function refuseDeclaration(matched: number): XmlError {
  return matched === 0 ? restricted() : malformed('malformed CDATA section');
}
