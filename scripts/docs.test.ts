import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NS, parseXml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { RULES } from '../packages/routing/src/rules.ts';
import { root } from './run-step.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'packages/client/README.md',
  'packages/routing/README.md',
  'packages/server/README.md',
  ...globSync('docs/**/*.md', { cwd: root }),
];

interface Link {
  readonly page: string;
  readonly text: string;
  /** From the checkout's root. */
  readonly path: string;
}

/** The links of a page into the repository. */
function linksOf(page: string): Link[] {
  const links = [...read(page).matchAll(/\[([^\]]+)\]\(([^)#\s]+)[^)]*\)/g)];
  return links
    .filter(([, , target = '']) => !/^[a-z]+:/.test(target))
    .map(([, text = '', target = '']) => ({ page, text, path: join(dirname(page), target) }));
}

/** Whether a source has `name`, or `Class.method`, or `Class.#method`. */
function hasName(source: string, name: string): boolean {
  const [first = '', member] = name.split('.');
  const isDeclared = new RegExp(`(class|interface|function|const|type) ${first}\\b`).test(source);
  if (member === undefined) return isDeclared;
  return isDeclared && new RegExp(`^ +(async |get )?${member}\\(`, 'm').test(source);
}

describe('links', () => {
  it.each(pages)('%s leads nowhere else than to what is there', (page) => {
    expect(linksOf(page).filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('docs/life-of-a-message.md', () => {
  const page = 'docs/life-of-a-message.md';
  const names = linksOf(page)
    .filter(({ text, path }) => text.startsWith('`') && path.endsWith('.ts'))
    .map((link) => ({ ...link, name: link.text.replaceAll('`', '') }));

  it('names the functions of every hop', () => {
    expect(names.length).toBeGreaterThan(30);
    expect(read(page).match(/^## \d\./gm)).toHaveLength(9);
    expect(read(page).match(/^\*(Ends|Slowed|Turned) here:\*/gm)).toHaveLength(8);
  });

  it.each(names)('$name is in $path', ({ name, path }) => {
    expect(hasName(read(path), name), name).toBe(true);
  });

  it('the drawing has no name that the page has not', () => {
    const drawn = [...read('docs/life-of-a-message.svg').matchAll(/class="code"[^>]*>([^<]+)</g)].flatMap(
      ([, text = '']) => text.split(' · '),
    );
    expect(drawn.length).toBeGreaterThan(15);
    expect(drawn.filter((name) => !names.some((one) => one.name === name))).toEqual([]);
  });
});

describe('docs/adding-a-feature.md', () => {
  /** The code of the page by file: blocks belong to the file named last. */
  const files = new Map<string, string>();
  let current = '';
  for (const [, file, code] of read('docs/adding-a-feature.md').matchAll(/<!-- file: (\S+) -->|```ts\n(.*?)```/gs)) {
    if (file === undefined) files.set(current, `${files.get(current) ?? ''}${code ?? ''}`);
    else current = file;
  }
  /** Code without blank lines, at which the page cuts it into blocks, and with the imports of a feature in its place. */
  const tidy = (code: string): string =>
    code
      .replaceAll(/\n+/g, '\n')
      .replaceAll('../../../packages/server/src/feature.ts', '../../feature.ts')
      .replaceAll('../docs/examples/xep-0049-private-storage/index.ts', './index.ts')
      .replaceAll('../packages/server/src/features/index.ts', '../index.ts')
      .replaceAll('../packages/server/test/world.ts', '../../../test/world.ts');

  it.each([...files])('the code is that of %s, which is run', (file, code) => {
    expect(tidy(code)).toBe(tidy(read(join('scripts', file))));
  });

  it('shows the feature and its test', () => {
    expect(files.size).toBe(2);
  });
});

describe('docs/xep-0409-notes.md', () => {
  const schema = read('docs/im-ng-0.xsd');

  it('shows the schema of the file', () => {
    expect(read('docs/xep-0409-notes.md')).toContain(`\`\`\`xml\n${schema}\`\`\`\n`);
  });

  it('the schema is well-formed, and declares what the server knows', () => {
    const root = parseXml(schema.replaceAll(/<\?xml .*\?>\n|<!--.*-->/g, ''));
    const xs = 'http://www.w3.org/2001/XMLSchema';
    expect(root.attrs['targetNamespace']).toBe(NS.imNg);
    expect(root.childrenNamed('element', xs).map(({ attrs }) => attrs['name'])).toEqual(['enable', 'im-ng']);
  });
});

describe('rules', () => {
  it.each(pages)('%s names only rules that there are', (page) => {
    const named = read(page).match(/\b[CADSEK][1-9]\b/g) ?? [];
    expect([...new Set(named)].filter((id) => !Object.hasOwn(RULES, id))).toEqual([]);
  });
});
