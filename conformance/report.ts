import { CLIENT_RULES, RULES, rulesOf } from './rules.ts';
import type { Result } from './run.ts';

/** How a rule fares: its tests by outcome. */
export interface RuleResult {
  readonly rule: string;
  readonly summary: string;
  readonly outcome: 'passed' | 'failed' | 'not offered' | 'not run' | 'client library';
  readonly passed: number;
  readonly failed: number;
  /** Titles of the tests that prove it, without repetition. */
  readonly tests: readonly string[];
}

/** One line per rule of the contract. */
function summarizeRules(results: readonly Result[]): RuleResult[] {
  const rules = Object.entries(RULES).map(([rule, summary]) => {
    const mine = results.filter(({ test }) => rulesOf(test.title).includes(rule));
    const count = (outcome: Result['outcome']) => mine.filter((result) => result.outcome === outcome).length;
    const [passed, failed] = [count('passed'), count('failed')];
    const outcome = failed > 0 ? 'failed' : passed > 0 ? 'passed' : mine.length > 0 ? 'not offered' : 'not run';
    return { rule, summary, outcome, passed, failed, tests: [...new Set(mine.map(({ test }) => test.title))] } as const;
  });
  // Proved by the tests of @tutti/client.
  const client = { outcome: 'client library', passed: 0, failed: 0, tests: [] } as const;
  return [...rules, ...Object.entries(CLIENT_RULES).map(([rule, summary]) => ({ rule, summary, ...client }))];
}

/** The report as text for a terminal. */
export function formatText(target: string, results: readonly Result[]): string {
  const lines = [`Conformance of ${target}`, ''];
  for (const { spec, title, counts } of summarizeSections(results)) {
    lines.push(`${mark(counts)} ${spec.padEnd(16)} ${title} (${describeCounts(counts)})`);
  }
  lines.push('', 'Rules of IM Routing-NG');
  for (const { rule, summary, outcome, passed, failed } of summarizeRules(results)) {
    lines.push(
      `${rule.padEnd(3)} ${outcome.padEnd(21)} ${String(passed).padStart(4)} ok ${failed > 0 ? `${failed} failed ` : ''} ${summary}`,
    );
  }
  const failures = results.filter(({ outcome }) => outcome === 'failed');
  if (failures.length > 0) lines.push('', `${failures.length} failed:`);
  for (const { section, test, stand, reason } of failures) {
    lines.push(
      '',
      `${section.spec} §${section.section} [${stand}] ${test.title}`,
      ...(reason ?? '').split('\n').map((line) => `  ${line}`),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The report as Markdown, for documentation. */
export function formatMarkdown(target: string, results: readonly Result[]): string {
  const lines = [`# Conformance of ${target}`, '', '| rule | result | tests | what it says |', '|---|---|---|---|'];
  for (const { rule, summary, outcome, passed, failed, tests } of summarizeRules(results)) {
    lines.push(`| ${rule} | ${outcome} | ${describeTests(tests, passed, failed)} | ${escapePipes(summary)} |`);
  }
  lines.push('', '| specification | section | result |', '|---|---|---|');
  for (const { spec, title, counts } of summarizeSections(results)) {
    lines.push(`| ${spec} | ${escapePipes(title)} | ${describeCounts(counts)} |`);
  }
  return `${lines.join('\n')}\n`;
}

/** The report as data. */
export function formatJson(target: string, results: readonly Result[], devices?: object): string {
  const tests = results.map(({ section, test, stand, outcome, reason }) => ({
    spec: section.spec,
    section: section.section,
    title: test.title,
    stand,
    outcome,
    reason,
  }));
  return `${JSON.stringify({ target, rules: summarizeRules(results), tests, devices }, null, 2)}\n`;
}

interface Counts {
  passed: number;
  failed: number;
  'not offered': number;
}

function summarizeSections(results: readonly Result[]): { spec: string; title: string; counts: Counts }[] {
  const groups = Map.groupBy(results, ({ section }) => section);
  return [...groups].map(([section, list]) => {
    const counts: Counts = { passed: 0, failed: 0, 'not offered': 0 };
    for (const { outcome } of list) counts[outcome] += 1;
    return { spec: section.spec, title: `§${section.section} ${section.title}`, counts };
  });
}

function mark({ passed, failed }: Counts): string {
  return failed > 0 ? 'FAIL' : passed > 0 ? 'ok  ' : '-   ';
}

function describeCounts(counts: Counts): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return parts.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}

function describeTests(tests: readonly string[], passed: number, failed: number): string {
  const [first] = tests;
  if (first === undefined) return '';
  const more = tests.length > 1 ? ` and ${tests.length - 1} more` : '';
  return `${passed} of ${passed + failed} runs; “${escapePipes(first)}”${more}`;
}

function escapePipes(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
