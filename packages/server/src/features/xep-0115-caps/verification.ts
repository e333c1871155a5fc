import { type Element, NS } from '@tutti/xmpp';

const encoder = new TextEncoder();

/**
 * XEP-0115 §5.1: the string whose hash names what an entity says of itself, from its disco#info; undefined where §5.4 calls that ill-formed: the same
 * identity, feature or form twice.
 */
export function verificationString(info: Element): string | undefined {
  const identities = info
    .childrenNamed('identity')
    .map(({ attrs }) => [attrs['category'], attrs['type'], attrs['xml:lang'], attrs['name']].map((part) => part ?? ''));
  const features = info.childrenNamed('feature').map(({ attrs }) => attrs['var'] ?? '');
  const forms: string[][] = [];
  for (const form of info.childrenNamed('x', NS.dataForms)) {
    const parts = readForm(form);
    if (parts === undefined) return undefined;
    if (parts.length > 0) forms.push(parts);
  }
  const lines = [identities.map((parts) => parts.join('/')), features];
  const types = forms.map(([type = '']) => type);
  if ([...lines, types].some(hasTwice)) return undefined;
  const text = [...lines.flatMap((list) => list.toSorted(byOctets)), ...forms.toSorted(byType).flat()];
  return text.map((part) => `${part}<`).join('');
}

/** §5.1 6.: the type, then each field with its values; nothing for a form without a type, undefined for one with several (§5.4 3.5). */
function readForm(form: Element): string[] | undefined {
  const fields = form.childrenNamed('field').map((field) => ({
    name: field.attrs['var'] ?? '',
    type: field.attrs['type'],
    values: field.childrenNamed('value').map((value) => value.text()),
  }));
  const type = fields.find(({ name }) => name === 'FORM_TYPE');
  if (type === undefined || (type.type !== undefined && type.type !== 'hidden')) return [];
  if (new Set(type.values).size > 1) return undefined;
  const others = fields.filter((field) => field !== type).toSorted((a, b) => byOctets(a.name, b.name));
  return [type.values[0] ?? '', ...others.flatMap(({ name, values }) => [name, ...values.toSorted(byOctets)])];
}

function byType([a = '']: readonly string[], [b = '']: readonly string[]): number {
  return byOctets(a, b);
}

/** RFC 4790 §9.3, i;octet. */
function byOctets(a: string, b: string): number {
  const [one, other] = [encoder.encode(a), encoder.encode(b)];
  const at = one.findIndex((octet, index) => octet !== other[index]);
  return at === -1 ? one.length - other.length : (one[at] ?? 0) - (other[at] ?? -1);
}

function hasTwice(list: readonly string[]): boolean {
  return new Set(list).size < list.length;
}
