import { dirname } from 'node:path';
import type { Chance } from '../../simulation/world/chance.ts';
import { Content } from './content.ts';
import { type Call, readBytes, readLastNumber, readStrings, TraceError } from './trace.ts';

/** A file or folder. Names lead to it; it does not know them. */
interface Node {
  /** Undefined for a folder. */
  readonly content: Content | undefined;
  /** A folder's names, whole paths, that would survive. */
  readonly names: Map<string, Node>;
  /** Changes of names that no fsync of this folder has covered, in order; without a node the name goes away. */
  renamed: { readonly end: number; readonly name: string; readonly node: Node | undefined }[];
}

/** Calls that change a file or a name in a way that SQLite does not use. One of them would make the replay wrong, so it is an error. */
const UNKNOWN = new Set(
  'write writev pwritev pwritev2 sendfile splice copy_file_range creat truncate fallocate link linkat unlinkat rename renameat renameat2 rmdir mkdirat'.split(
    ' ',
  ),
);

/**
 * The files below a folder as the system calls of a trace make them, and what a loss of power leaves of them. As strict as POSIX: content is
 * there when an fsync of the file covered it, its name when an fsync of the folder did.
 */
export class Disk {
  readonly #root: string;
  readonly #wanted: (path: string) => boolean;
  readonly #top: Node = makeFolder();
  /** All names as the running server sees them. */
  readonly #live = new Map<string, Node>();
  /** fsyncs under way. */
  #syncs: Call[] = [];

  /** `root` is there already. `wanted` tells which files matter. */
  constructor(root: string, wanted: (path: string) => boolean) {
    this.#root = root;
    this.#wanted = wanted;
    this.#live.set(root, this.#top);
  }

  /** Takes the next call of the trace, in the order in which they were entered. Throws TraceError for one that it cannot replay. */
  apply(call: Call): void {
    this.#finishSyncs(call.begin);
    if (call.name === 'open' || call.name === 'openat') this.#open(call);
    else if (call.name === 'mkdir') this.#name(call, makeFolder());
    else if (call.name === 'unlink') this.#name(call, undefined);
    else if (call.name === 'fsync' || call.name === 'fdatasync') this.#syncs.push(call);
    else if (UNKNOWN.has(call.name)) this.#refuse(call);
    else if (this.#wanted(call.on)) this.#change(call);
  }

  /** What is there when the power goes at this line: content by path, of the files that matter. All calls entered before it were applied. */
  lose(line: number, chance: Chance): Map<string, Buffer> {
    this.#finishSyncs(line);
    const files = new Map<string, Buffer>();
    this.#collect(this.#top, chance, files);
    return files;
  }

  /** The wanted files, and the folders that lead to them, whose name a loss of power at this line could take. */
  namesAtRisk(line: number): string[] {
    this.#finishSyncs(line);
    const missing = new Set<string>();
    for (const file of this.#live.keys()) {
      if (!this.#wanted(file)) continue;
      for (let path = file; path !== this.#root; path = dirname(path)) {
        const node = this.#live.get(path);
        if (node === undefined || this.#live.get(dirname(path))?.names.get(path) !== node) missing.add(path);
      }
    }
    return [...missing];
  }

  #open(call: Call): void {
    if (!call.args.includes('O_CREAT') || !(call.result >= 0)) return;
    const node = this.#live.get(pathOf(call));
    if (node === undefined) this.#name(call, { ...makeFolder(), content: new Content() });
    else if (call.args.includes('O_TRUNC')) node.content?.change({ ...call, offset: 0, bytes: undefined });
  }

  #name(call: Call, node: Node | undefined): void {
    const name = pathOf(call);
    const parent = this.#live.get(dirname(name));
    if (parent === undefined || !(call.result >= 0)) return;
    parent.renamed.push({ end: call.end, name, node });
    if (node === undefined) this.#live.delete(name);
    else this.#live.set(name, node);
  }

  #change(call: Call): void {
    const { begin, end, name } = call;
    const content = this.#live.get(call.on)?.content;
    if (content === undefined) throw new TraceError(`line ${begin}: ${name} to ${call.on}, which nobody made`);
    if (name === 'pwrite64') content.change({ begin, end, offset: readLastNumber(call), bytes: readBytes(call) });
    else if (name === 'ftruncate') content.change({ begin, end, offset: readLastNumber(call), bytes: undefined });
  }

  #refuse(call: Call): void {
    const concerned =
      this.#wanted(call.on) || (call.on === '' && readStrings(call).some((path) => this.#wanted(path.toString())));
    if (concerned) throw new TraceError(`line ${call.begin}: ${call.name} to a file of the database`);
  }

  /** An fsync that has ended before this line makes durable all that was done before it began. */
  #finishSyncs(line: number): void {
    const done = this.#syncs.filter((sync) => sync.end <= line);
    if (done.length === 0) return;
    this.#syncs = this.#syncs.filter((sync) => sync.end > line);
    for (const { on, begin, result } of done) {
      const node = this.#live.get(on);
      if (node === undefined || result !== 0) continue;
      node.content?.sync(begin);
      for (const { end, name, node: named } of node.renamed) if (end < begin) setName(node.names, name, named);
      node.renamed = node.renamed.filter(({ end }) => end >= begin);
    }
  }

  #collect(folder: Node, chance: Chance, files: Map<string, Buffer>): void {
    const names = new Map(folder.names);
    // The changes of one name happen in order: the disk has some of them, from the first on.
    for (const name of new Set(folder.renamed.map((change) => change.name))) {
      const changes = folder.renamed.filter((change) => change.name === name);
      const last = changes[chance.below(changes.length + 1) - 1];
      if (last !== undefined) setName(names, name, last.node);
    }
    for (const [name, node] of names) {
      if (node.content === undefined) this.#collect(node, chance, files);
      else if (this.#wanted(name)) files.set(name, node.content.lose(chance));
    }
  }
}

function makeFolder(): Node {
  return { content: undefined, names: new Map(), renamed: [] };
}

function setName(names: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node === undefined) names.delete(name);
  else names.set(name, node);
}

function pathOf(call: Call): string {
  const [path] = readStrings(call);
  if (path === undefined) throw new TraceError(`line ${call.begin}: ${call.name} without a path`);
  return path.toString();
}
