import { type Element, NS } from '@tutti/xmpp';
import type { Info } from './info.ts';

/** XEP-0115 §5.1: the string whose hash names what an entity says of itself. */
export function verificationString(info: Info): string {
  // §5.1 2., 4.: sorted before the `<` is put behind them: 'a' comes before 'a#b'.
  const identities = info.identities.map(({ category, type, name }) => `${category}/${type}//${name ?? ''}`);
  const forms = info.forms.map(formString).toSorted();
  const lines = [...identities.toSorted(), ...info.features.toSorted()].map((line) => `${line}<`);
  return [...lines, ...forms].join('');
}

/** XEP-0115 §5.1 6.: the form's type, then its fields by name, each with its values. */
function formString(form: Element): string {
  const fields = form.childrenNamed('field', NS.dataForms).map((field) => ({
    name: field.attrs['var'] ?? '',
    values: field
      .childrenNamed('value', NS.dataForms)
      .map((value) => value.text())
      .toSorted(),
  }));
  const type = fields.find(({ name }) => name === 'FORM_TYPE')?.values[0] ?? '';
  const rest = fields.filter(({ name }) => name !== 'FORM_TYPE').toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return `${type}<${rest.map(({ name, values }) => `${name}<${values.map((value) => `${value}<`).join('')}`).join('')}`;
}
