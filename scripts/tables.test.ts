import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RULES } from '../packages/routing/src/rules.ts';
import { parseXml } from '../packages/xmpp/src/parse-xml.ts';
import { baseSpecs } from './base-specs.ts';
import { type ComplianceRow, findGaps, makeCompliancePage } from './compliance.ts';
import { leftOut } from './left-out.ts';
import { root } from './run-step.ts';
import { listSpecs, makeDoap, replaceBetween, updateReadme } from './tables.ts';

const HOW = 'run: node --conditions=source scripts/generate-tables.ts';
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('generated tables', () => {
  it('the README is up to date', async () => {
    expect((await updateReadme(read('README.md'))) === read('README.md'), HOW).toBe(true);
  });

  it('docs/tutti.doap is up to date, and well-formed', () => {
    expect(makeDoap() === read('docs/tutti.doap'), HOW).toBe(true);
    // Our parser knows XMPP's XML, which has no declaration.
    const project = parseXml(makeDoap().replace(/^<\?xml .*\?>\n/, '')).elements[0];
    expect(project?.childrenNamed('implements')).toHaveLength(
      listSpecs().filter(({ spec }) => !spec.startsWith('Tutti')).length,
    );
  });

  it('docs/compliance.md is up to date', () => {
    expect(makeCompliancePage() === read('docs/compliance.md'), HOW).toBe(true);
  });

  it('XEP-0479: each row is declared, and its tests are there and name it', () => {
    expect(findGaps()).toEqual([]);
    const planted: ComplianceRow = {
      suite: 'Core',
      feature: 'x',
      asked: 'both',
      specs: ['XEP-9999'],
      proof: ['conformance/none'],
    };
    expect(findGaps([planted])).toHaveLength(3);
  });

  it('names each specification once; XEPs have a version, RFCs and our own have none', () => {
    const specs = listSpecs();
    expect(new Set(specs.map(({ spec }) => spec)).size).toBe(specs.length);
    for (const { spec, version } of specs) {
      expect(spec).toMatch(/^(RFC \d{4}|XEP-\d{4}|Tutti [a-z]+)$/);
      expect(version !== undefined, spec).toBe(spec.startsWith('XEP'));
    }
  });

  it('features serve rules or invariants that there are', () => {
    const unknown = listSpecs()
      .flatMap(({ rules = [] }) => rules)
      .filter((rule) => !Object.hasOwn(RULES, rule) && !/^I[1-8]$/.test(rule));
    expect(unknown).toEqual([]);
  });

  it('nothing is left out and declared', () => {
    const declared = new Set(listSpecs().map(({ spec }) => spec));
    expect(leftOut.filter(({ spec }) => declared.has(spec))).toEqual([]);
  });

  it('refuses a page without the markers', () => {
    expect(replaceBetween('a\n<!-- x -->\nold\n<!-- /x -->\n', 'x', 'new\n')).toBe('a\n<!-- x -->\nnew\n<!-- /x -->\n');
    expect(() => replaceBetween('a', 'x', 'new')).toThrow('markers');
  });
});

describe('specifications below the features', () => {
  it.each(baseSpecs)('$spec stands in $file', ({ spec, file }) => {
    expect(existsSync(join(root, file))).toBe(true);
    expect(read(file)).toContain(spec);
  });
});
