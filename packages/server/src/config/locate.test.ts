import fc from 'fast-check';
import { parse, stringify } from 'smol-toml';
import { expect, test } from 'vitest';
import { isTable } from './layers.ts';
import { locateKeys, type KeyPath } from './locate.ts';

const SOURCE = `# a comment with [brackets] and = signs
top = "a # not a comment" # [nor.this]
list = [ 1, # one
  "two", [3, '#4'],
]
dates = 1979-05-27 07:32:00Z
[table]
"quoted \\u0041 key" = 1
dotted.key.'literal.part' = { inner = 2, deep.est = [ { a = 1 }, { a = 2 } ] }
long = """
[looks.like.a.table]
x = 1 \\"""
"""
raw = '''
y = 1'''
after = true
  [ table . sub ]
  indented = 1
[[items]]
name = 1
[[items]]
name = 2
`;

test.each<[KeyPath, number, number]>([
  [['top'], 2, 1],
  [['list'], 3, 1],
  [['list', 0], 3, 10],
  [['list', 1], 4, 3],
  [['list', 2, 1], 4, 14],
  [['dates'], 6, 1],
  [['table'], 7, 1],
  [['table', 'quoted A key'], 8, 1],
  [['table', 'dotted', 'key', 'literal.part'], 9, 1],
  [['table', 'dotted', 'key', 'literal.part', 'inner'], 9, 31],
  [['table', 'dotted', 'key', 'literal.part', 'deep', 'est', 1, 'a'], 9, 68],
  [['table', 'long'], 10, 1],
  [['table', 'raw'], 14, 1],
  [['table', 'after'], 16, 1],
  [['table', 'sub', 'indented'], 18, 3],
  [['items', 0, 'name'], 20, 1],
  [['items', 1, 'name'], 22, 1],
])('%j stands in line %d, column %d', (path, line, column) => {
  parse(SOURCE);
  expect(locateKeys(SOURCE)(path)).toEqual({ line, column });
});

test('a key that is not there is told by the table around it', () => {
  const locate = locateKeys(SOURCE);
  expect(locate(['table', 'sub', 'missing'])).toEqual({ line: 17, column: 3 });
  expect(locate(['nowhere'])).toBeUndefined();
  expect(locateKeys('\r\nx = 1\r\ny = 2')(['y'])).toEqual({ line: 3, column: 1 });
  expect(locateKeys('\uFEFFx = 1')(['x'])).toEqual({ line: 1, column: 2 });
});

test('every key of any document is found in its own line', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 6 }).filter((text) => text !== '__proto__');
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.dictionary(name, fc.oneof({ depthSize: 'small' }, value, tie('tree')), { maxKeys: 4 }),
  }));
  fc.assert(
    fc.property(tree, (document) => {
      const source = stringify(document);
      const locate = locateKeys(source);
      const lines = source.split('\n');
      for (const path of listPaths(parse(source))) {
        const { line, column } = locate(path) ?? { line: 0, column: 0 };
        expect(lines[line - 1]?.[column - 1], source).toMatch(/["'[A-Za-z0-9_-]/);
      }
    }),
    { numRuns: 200 },
  );
});

function listPaths(value: unknown, path: KeyPath = []): KeyPath[] {
  if (!isTable(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => listPaths(inner, [...path, key]));
}
