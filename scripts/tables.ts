// The README's tables and the DOAP file, made of what the code declares.
import { RULES } from '../packages/routing/src/rules.ts';
import type { FeatureDefinition } from '../packages/server/src/feature.ts';
import { readGivenMessage } from '../packages/server/src/cli/explain-message.ts';
import { explainMessage } from '../packages/server/src/cli/explain-plan.ts';
import { printExplanation } from '../packages/server/src/cli/explain-print.ts';
import { defaultWorld } from '../packages/server/src/cli/explain-world.ts';
import { processIo } from '../packages/server/src/cli/io.ts';
import { features } from '../packages/server/src/features/index.ts';
import { baseSpecs } from './base-specs.ts';
import { makeLeftOutList } from './left-out.ts';

type Spec = Pick<FeatureDefinition, 'spec' | 'version' | 'name' | 'note' | 'rules'>;

/** Everything that is implemented: RFCs, then XEPs, by number. */
export function listSpecs(): readonly Spec[] {
  const specs: readonly Spec[] = [...features, ...baseSpecs];
  return specs.toSorted((a, b) => (a.spec < b.spec ? -1 : 1));
}

/** The rules of delivery as a Markdown table. */
export function makeRulesTable(): string {
  const rows = Object.entries(RULES).map(([id, { section, summary }]) => [id, summary, section]);
  return makeTable(['rule', 'what it says', 'where it stands'], rows);
}

/** The specifications as a Markdown table. */
export function makeSpecsTable(): string {
  const rows = listSpecs().map((one) => [
    linkOf(one),
    one.name,
    one.version ?? '',
    one.note ?? '',
    one.rules?.join(' ') ?? '',
  ]);
  return makeTable(['specification', 'name', 'version', 'notes', 'rules'], rows);
}

/** Puts a text between `<!-- name -->` and `<!-- /name -->`; throws where the markers are missing. */
export function replaceBetween(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the markers of ${name} are missing`);
  return page.slice(0, from + start.length) + text + page.slice(to);
}

/** The README with its example and tables as they must be. */
export async function updateReadme(readme: string): Promise<string> {
  const withExample = replaceBetween(readme, 'explain', await makeExample());
  const withRules = replaceBetween(withExample, 'rules', makeRulesTable());
  const withSpecs = replaceBetween(withRules, 'specifications', makeSpecsTable());
  return replaceBetween(withSpecs, 'left-out', makeLeftOutList());
}

/** What `tutti explain` shows. */
async function makeExample(): Promise<string> {
  const explanation = explainMessage(defaultWorld(), await readGivenMessage(undefined, {}, processIo()));
  return `\`\`\`\n${printExplanation(explanation, (_, text) => text)}\`\`\`\n`;
}

/** Description of a Project (XEP-0453). */
export function makeDoap(): string {
  const specs = listSpecs();
  const rfcs = specs.filter(({ spec }) => spec.startsWith('RFC'));
  const xeps = specs.filter(({ spec }) => spec.startsWith('XEP'));
  return `<?xml version='1.0' encoding='UTF-8'?>
<rdf:RDF xmlns='http://usefulinc.com/ns/doap#'
         xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'
         xmlns:xmpp='https://linkmauve.fr/ns/xmpp-doap#'>
  <Project>
    <name>Tutti</name>
    <shortdesc xml:lang='en'>An XMPP server on which every device sees the same conversation</shortdesc>
    <description xml:lang='en'>An XMPP server in TypeScript, built around XEP-0409: IM Routing-NG. The archive is the log, and every session is a cursor on it.</description>
    <license rdf:resource='https://spdx.org/licenses/MIT'/>
    <programming-language>TypeScript</programming-language>
    <os>Linux</os>
    <category rdf:resource='https://linkmauve.fr/ns/xmpp-doap#category-server'/>
${rfcs.map((one) => `    <implements rdf:resource='${addressOf(one)}'/>\n`).join('')}${xeps.map(makeSupportedXep).join('')}  </Project>
</rdf:RDF>
`;
}

function makeSupportedXep(one: Spec): string {
  const note = one.note === undefined ? '' : `\n        <xmpp:note>${escapeXml(one.note)}</xmpp:note>`;
  return `    <implements>
      <xmpp:SupportedXep>
        <xmpp:xep rdf:resource='${addressOf(one)}'/>
        <xmpp:version>${one.version}</xmpp:version>${note}
      </xmpp:SupportedXep>
    </implements>
`;
}

function makeTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.join(' | ').replaceAll('<', '&lt;')} |`,
  );
  return `${lines.join('\n')}\n`;
}

function linkOf(one: Spec): string {
  return `[${one.spec}](${addressOf(one)})`;
}

function addressOf({ spec }: Spec): string {
  // Protocols of our own, such as `Tutti devices`.
  if (spec.startsWith('Tutti ')) return `docs/${spec.slice('Tutti '.length)}.md`;
  const number = spec.slice(4);
  return spec.startsWith('RFC')
    ? `https://www.rfc-editor.org/rfc/rfc${number}`
    : `https://xmpp.org/extensions/xep-${number}.html`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
