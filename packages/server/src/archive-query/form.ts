import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { parseDateTime } from './datetime.ts';

/** Which messages a query is about (XEP-0313 §4.1); ids are not resolved yet. */
export interface Selection {
  readonly with?: JID;
  /** Inclusive, in ms. */
  readonly start?: number;
  readonly end?: number;
  /** Exclusive. */
  readonly beforeId?: string;
  readonly afterId?: string;
  readonly ids?: readonly string[];
  readonly includeGroupchat: boolean;
}

/** The fields and their types, as they are told (§4.1.5). */
const FIELDS = new Map([
  ['with', 'jid-single'],
  ['start', 'text-single'],
  ['end', 'text-single'],
  ['before-id', 'text-single'],
  ['after-id', 'text-single'],
  ['ids', 'list-multi'],
  ['include-groupchat', 'boolean'],
]);

/** XEP-0313 §4.1.5: the form of a query. */
export function writeForm(): Element {
  const formType = xml('field', { type: 'hidden', var: 'FORM_TYPE' }, xml('value', null, NS.mam));
  const fields = [...FIELDS].map(([name, type]) => {
    // The list of ids is open: nobody can offer all of them.
    const open = xml('validate', { xmlns: NS.dataFormValidate, datatype: 'xs:string' }, xml('open'));
    return xml('field', { type, var: name }, name === 'ids' && open);
  });
  return xml('x', { xmlns: NS.dataForms, type: 'form' }, formType, ...fields);
}

/**
 * Reads the form of a query; no form selects everything. A field without a value counts as left out, as generic clients send them.
 * Without `include-groupchat` there is no difference between types: catching up means to get everything (I1). Throws StanzaError.
 */
export function readForm(form: Element | undefined): Selection {
  const values = form === undefined ? new Map<string, readonly string[]>() : readFields(form);
  const single = (name: string): string | undefined => {
    const [value, ...more] = values.get(name) ?? [];
    if (more.length > 0) throw badRequest(`The field '${name}' has one value.`);
    return value;
  };
  const peer = single('with');
  const start = readTime('start', single('start'));
  const end = readTime('end', single('end'));
  const beforeId = single('before-id');
  const afterId = single('after-id');
  const ids = values.get('ids');
  return {
    ...(peer === undefined ? {} : { with: readJid(peer) }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(beforeId === undefined ? {} : { beforeId }),
    ...(afterId === undefined ? {} : { afterId }),
    ...(ids === undefined ? {} : { ids: [...new Set(ids)] }),
    includeGroupchat: readBoolean(single('include-groupchat')) ?? true,
  };
}

/** XEP-0004 §3.2, XEP-0313 §4.1: the fields that have values. */
function readFields(form: Element): ReadonlyMap<string, readonly string[]> {
  if (form.attrs['type'] !== 'submit') throw badRequest("A query's form is of type submit.");
  const fields = new Map<string, readonly string[]>();
  for (const field of form.childrenNamed('field')) {
    const name = field.attrs['var'];
    if (name === undefined || fields.has(name)) throw badRequest("A form's field has a name of its own.");
    fields.set(
      name,
      field
        .childrenNamed('value')
        .map((value) => value.text())
        .filter((value) => value !== ''),
    );
  }
  const [formType, ...more] = fields.get('FORM_TYPE') ?? [];
  if (formType !== NS.mam || more.length > 0) throw badRequest(`The FORM_TYPE of a query is ${NS.mam}.`);
  fields.delete('FORM_TYPE');
  for (const [name, values] of fields) {
    // §4.1.5: what the server does not recognise must not be passed over.
    if (!FIELDS.has(name)) throw new StanzaError('feature-not-implemented', { text: `There is no field '${name}'.` });
    if (values.length === 0) fields.delete(name);
  }
  return fields;
}

function readJid(text: string): JID {
  const jid = JID.tryParse(text);
  if (jid === undefined) throw new StanzaError('jid-malformed', { text: "The value of 'with' is no address." });
  return jid;
}

function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = parseDateTime(text);
  if (at === undefined) throw badRequest(`The value of '${name}' is no XEP-0082 DateTime.`);
  return at;
}

function readBoolean(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw badRequest("The value of 'include-groupchat' is true or false.");
}

function badRequest(text: string): StanzaError {
  return new StanzaError('bad-request', { text });
}
