/**
 * How many chat stanzas a second one core takes: our StreamParser (whole stanzas checked, yielded as elements), saxes (strict,
 * events only) and ltx (hardly checked; events only, and with its elements), in turns in one run. `node --conditions=source packages/xmpp/bench/tokenizer.ts`
 */
import { createRequire } from 'node:module';
import { SaxesParser } from 'saxes';
import { StreamParser } from '../src/stream-parser.ts';

const OPEN =
  `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' ` +
  `to='capulet.example' version='1.0'>`;
const CHUNK = 65536; // what a busy socket gives at a time
const STANZAS = 20_000;
const ROUNDS = 7;
const LIMITS = { stanzaBytes: 262_144, depth: 100, attributes: 100, nameBytes: 256 };

function makeStanza(i: number): string {
  const id = (i * 2654435761).toString(16).padStart(12, '0').slice(-12);
  return (
    `<message from='romeo@montague.example/orchard-${i % 10}' to='juliet@capulet.example' id='${id}' type='chat'>` +
    `<body>Neither, fair saint, if either thee dislike: call me. call me but love. ${id}</body>` +
    `<active xmlns='http://jabber.org/protocol/chatstates'/>` +
    `<request xmlns='urn:xmpp:receipts'/>` +
    `<origin-id xmlns='urn:xmpp:sid:0' id='${id}'/></message>`
  );
}

const text = Array.from({ length: STANZAS }, (_, i) => makeStanza(i)).join('');
const chunks = cutChunks(new TextEncoder().encode(text));
const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);

function cutChunks(all: Uint8Array): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += CHUNK) cut.push(Buffer.from(all.subarray(at, at + CHUNK)));
  return cut;
}

function runOurs(): number {
  const parser = new StreamParser(LIMITS);
  let stanzas = 0;
  parser.write(new TextEncoder().encode(OPEN));
  parser.next();
  for (const chunk of chunks) {
    parser.write(chunk);
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event.kind === 'element' && event.element.attrs['to'] !== undefined) stanzas += 1;
    }
  }
  return stanzas;
}

function runSaxes(): number {
  const parser = new SaxesParser({ xmlns: true });
  const decoder = new TextDecoder();
  let stanzas = 0;
  let depth = 0;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', () => {
    depth += 1;
  });
  parser.on('closetag', () => {
    depth -= 1;
    if (depth === 1) stanzas += 1;
  });
  parser.write(OPEN);
  for (const chunk of chunks) parser.write(decoder.decode(chunk, { stream: true }));
  return stanzas;
}

interface LtxParser {
  on(event: 'startElement', listener: (name: string, attrs: Record<string, string>) => void): void;
  on(event: 'endElement' | 'text', listener: (name: string) => void): void;
  write(text: string): void;
}
interface LtxElement {
  name: string;
  parent: LtxElement | null;
  cnode(child: LtxElement): void;
  t(text: string): void;
}
interface Ltx {
  Element: new (name: string, attrs: Record<string, string>) => LtxElement;
}
const require = createRequire(import.meta.url); // ltx brings no types
const LtxParser = require('ltx/lib/parsers/ltx.js') as new () => LtxParser;
const { Element: LtxElement } = require('ltx') as Ltx;

/** Events only, which is less than we do. */
function runLtx(): number {
  const parser = new LtxParser();
  const decoder = new TextDecoder();
  let stanzas = 0;
  let depth = 0;
  parser.on('startElement', () => {
    depth += 1;
  });
  parser.on('endElement', () => {
    depth -= 1;
    if (depth === 1) stanzas += 1;
  });
  parser.write(OPEN);
  for (const chunk of chunks) parser.write(decoder.decode(chunk, { stream: true }));
  return stanzas;
}

/** With its elements, as its users have it. */
function runLtxTree(): number {
  const parser = new LtxParser();
  const decoder = new TextDecoder();
  let stanzas = 0;
  let current: LtxElement | undefined;
  parser.on('startElement', (name, attrs) => {
    const element = new LtxElement(name, attrs);
    if (current !== undefined && current.parent !== null) current.cnode(element);
    else element.parent = current ?? null;
    current = element;
  });
  parser.on('endElement', () => {
    current = current?.parent ?? undefined;
    if (current?.name === 'stream:stream' && current.parent === null) stanzas += 1;
  });
  parser.on('text', (text) => current?.t(text));
  parser.write(OPEN);
  for (const chunk of chunks) parser.write(decoder.decode(chunk, { stream: true }));
  return stanzas;
}

function measure(run: () => number): number {
  const start = process.hrtime.bigint();
  const stanzas = run();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (stanzas !== STANZAS) throw new Error(`${run.name} found ${stanzas} stanzas of ${STANZAS}`);
  return stanzas / seconds;
}

const names = ['ours', 'saxes', 'ltx', 'ltx+tree'] as const;
const parsers = { ours: runOurs, saxes: runSaxes, ltx: runLtx, 'ltx+tree': runLtxTree };
const rates: Record<(typeof names)[number], number[]> = { ours: [], saxes: [], ltx: [], 'ltx+tree': [] };
for (let round = -2; round < ROUNDS; round += 1) {
  for (const name of names) {
    const rate = measure(parsers[name]);
    if (round >= 0) rates[name].push(rate); // the first rounds warm up
  }
}

const perStanza = bytes / STANZAS;
console.log(
  `${STANZAS} stanzas of ${perStanza.toFixed(0)} bytes, best and median of ${ROUNDS} rounds, Node ${process.version}`,
);
for (const name of names) {
  const sorted = rates[name].toSorted((a, b) => b - a);
  const best = sorted[0]!;
  const median = sorted[Math.floor(ROUNDS / 2)]!;
  const ours = Math.max(...rates.ours);
  console.log(
    `${name.padEnd(8)} ${Math.round(best).toLocaleString('en').padStart(9)} stanzas/s ` +
      `(median ${Math.round(median).toLocaleString('en')})  ${((best * perStanza) / 1e6).toFixed(0).padStart(4)} MB/s  ` +
      `ours is ${(ours / best).toFixed(1)} times as fast`,
  );
}
