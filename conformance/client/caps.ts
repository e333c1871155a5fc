import { createHash } from 'node:crypto';
import { type Element, NS } from '@tutti/xmpp';

/** The verification string of a disco#info result, by SHA-1 (XEP-0115 §5.1). */
export function capsHash(info: Element): string {
  const identities = info
    .childrenNamed('identity')
    .map(({ attrs }) => `${attrs['category']}/${attrs['type']}/${attrs['xml:lang'] ?? ''}/${attrs['name'] ?? ''}`);
  const features = info.childrenNamed('feature').map(({ attrs }) => attrs['var'] ?? '');
  const forms = info.childrenNamed('x', NS.dataForms).map(describeForm);
  const parts = [identities, features, forms].flatMap((list) => list.sort(byOctets));
  return createHash('sha1')
    .update(parts.map((part) => `${part}<`).join(''))
    .digest('base64');
}

function describeForm(form: Element): string {
  const fields = form.childrenNamed('field');
  const valuesOf = (field: Element) => field.childrenNamed('value').map((value) => value.text());
  const type = fields.find((field) => field.attrs['var'] === 'FORM_TYPE');
  const others = fields
    .filter((field) => field !== type)
    .sort((a, b) => byOctets(a.attrs['var'] ?? '', b.attrs['var'] ?? ''));
  const lines = others.map((field) => [field.attrs['var'] ?? '', ...valuesOf(field).sort(byOctets)].join('<'));
  return [type === undefined ? '' : (valuesOf(type)[0] ?? ''), ...lines].join('<');
}

function byOctets(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
