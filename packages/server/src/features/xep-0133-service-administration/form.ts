import { type DataForm, type Element, type Field, JID, NS, readSingle, StanzaError, writeForm } from '@tutti/xmpp';
import type { CommandResult, FeatureApi } from '../../feature.ts';

/** XEP-0133 §4: the node of a command. */
export function nodeOf(command: string): string {
  return `${NS.admin}#${command}`;
}

/** Who may run the commands. */
export function administrators(api: FeatureApi): (from: JID) => boolean {
  return (from) => api.isAdministrator(from);
}

/** A form to be filled in. */
export function ask(title: string, fields: readonly Field[]): () => Element {
  return () => writeForm('form', NS.admin, fields, { title });
}

/** A form that tells. */
export function tell(fields: readonly Field[]): CommandResult {
  return { form: writeForm('result', NS.admin, fields) };
}

/** The value of a field that has to be filled in. */
export function requireText(form: DataForm | undefined, name: string): string {
  const value = form && readSingle(form, name);
  if (value === undefined || value === '') throw missing(name);
  return value;
}

/** The lines of a field that has to be filled in. */
export function requireLines(form: DataForm | undefined, name: string): string {
  const text = (form?.fields.get(name) ?? []).join('\n');
  if (text.trim() === '') throw missing(name);
  return text;
}

/** The addresses in a field, one at least. */
export function requireAddresses(form: DataForm | undefined, name: string): readonly JID[] {
  const values = (form?.fields.get(name) ?? []).filter((value) => value !== '');
  if (values.length === 0) throw missing(name);
  return values.map((value) => {
    const jid = JID.tryParse(value);
    if (jid === undefined) throw new StanzaError('jid-malformed', { text: `'${value}' is no address.` });
    return jid;
  });
}

function missing(name: string): StanzaError {
  return new StanzaError('bad-request', { text: `The field '${name}' has to be filled in.` });
}
