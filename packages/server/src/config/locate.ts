/** Finds where a key stands in a TOML source that is already known to be well-formed. */

/** A place in a text, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Names of tables and keys, and numbers of list items, from the outside in. */
export type KeyPath = readonly (string | number)[];

/**
 * Reads the places of all keys, tables and list items of a TOML source.
 * @returns a function that gives the place of a key, or else of the nearest table around it
 */
export function locateKeys(source: string): (path: KeyPath) => Position | undefined {
  const scanner = new Scanner(source);
  scanner.scanDocument();
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const offset = scanner.offsets.get(JSON.stringify(path.slice(0, length)));
      if (offset !== undefined) return positionAt(source, offset);
    }
    return undefined;
  };
}

function positionAt(source: string, offset: number): Position {
  const before = source.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

class Scanner {
  readonly offsets = new Map<string, number>();
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  scanDocument(): void {
    let table: KeyPath = [];
    const arrayLengths = new Map<string, number>();
    for (this.skip(/[\s\uFEFF]|#.*/y); this.at < this.source.length; this.skip(/\s|#.*/y)) {
      const start = this.at;
      if (!this.take('[')) {
        this.scanPair(table);
        continue;
      }
      const isList = this.take('[');
      table = this.readKey();
      this.note(table, start);
      this.take(']');
      if (!isList) continue;
      this.take(']');
      const index = arrayLengths.get(JSON.stringify(table)) ?? 0;
      arrayLengths.set(JSON.stringify(table), index + 1);
      table = [...table, index];
      this.note(table, start);
    }
  }

  private scanPair(table: KeyPath): void {
    const start = this.at;
    const path = [...table, ...this.readKey()];
    this.note(path, start);
    this.take('=');
    this.scanValue(path);
  }

  private scanValue(path: KeyPath): void {
    this.skip(/\s|#.*/y);
    if (this.take('[')) {
      for (let index = 0; !this.isAtEnd(']'); index++) {
        this.note([...path, index], this.at);
        this.scanValue([...path, index]);
      }
    } else if (this.take('{')) {
      while (!this.isAtEnd('}')) this.scanPair(path);
    } else if (this.readString() === undefined) {
      this.skip(/[^\s,\]}#]| (?=\d)/y);
    }
  }

  /** Skips what stands between two items; takes the closing bracket when it is next. */
  private isAtEnd(close: string): boolean {
    this.skip(/[\s,]|#.*/y);
    return this.take(close) || this.at >= this.source.length;
  }

  private readKey(): string[] {
    const parts: string[] = [];
    do {
      this.skip(/[ \t]/y);
      parts.push(this.readString() ?? this.match(/[A-Za-z0-9_-]+/y));
      this.skip(/[ \t]/y);
    } while (this.take('.'));
    return parts;
  }

  /** The text of a string that begins here. Escapes are resolved as far as JSON knows them. */
  private readString(): string | undefined {
    const long = this.match(/"""(?:\\[^]|[^\\])*?"{3,5}|'''[^]*?'{3,5}/y);
    if (long !== '') return long.slice(3, -3);
    const literal = this.match(/'[^'\n]*'/y);
    if (literal !== '') return literal.slice(1, -1);
    const basic = this.match(/"(?:\\.|[^"\\\n])*"/y);
    if (basic === '') return undefined;
    try {
      return String(JSON.parse(basic));
    } catch {
      return basic.slice(1, -1); // \e, \x, \U: an exotic key keeps its place under its raw spelling
    }
  }

  private note(path: KeyPath, offset: number): void {
    const key = JSON.stringify(path);
    if (!this.offsets.has(key)) this.offsets.set(key, offset);
  }

  private take(text: string): boolean {
    const found = this.source.startsWith(text, this.at);
    if (found) this.at += text.length;
    return found;
  }

  private skip(pattern: RegExp): void {
    while (this.match(pattern) !== '');
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found = ''] = pattern.exec(this.source) ?? [];
    this.at += found.length;
    return found;
  }
}
