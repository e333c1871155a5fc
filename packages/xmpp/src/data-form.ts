import { type Element, xml } from './element.ts';
import { StanzaError } from './errors.ts';
import { NS } from './ns.ts';

/** XEP-0004 §3.1. */
export type FormType = 'form' | 'submit' | 'cancel' | 'result';

/** XEP-0004 §3.3. */
export type FieldType =
  | 'boolean'
  | 'fixed'
  | 'hidden'
  | 'jid-multi'
  | 'jid-single'
  | 'list-multi'
  | 'list-single'
  | 'text-multi'
  | 'text-private'
  | 'text-single';

/** One field of a form to be written. */
export interface Field {
  readonly var?: string;
  readonly type?: FieldType;
  readonly label?: string;
  /** Written as told: true as `1`, false as `0`; undefined leaves the value out. */
  readonly value?: string | number | boolean | readonly string[] | undefined;
  /** What a list offers: the value, or the value and its label. */
  readonly options?: readonly (string | readonly [value: string, label: string])[];
  readonly required?: boolean;
  readonly desc?: string;
}

/** A form that was read (XEP-0004 §3). */
export interface DataForm {
  readonly type: FormType;
  /** The value of the hidden FORM_TYPE (XEP-0068); undefined when there is none. */
  readonly formType: string | undefined;
  /** The values of each field by its name, FORM_TYPE left out. A field without a value has an empty list. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

const FORM_TYPES: readonly string[] = ['form', 'submit', 'cancel', 'result'] satisfies FormType[];

/** Reads a form. Throws StanzaError (`bad-request`) when it has an unknown type, or a field without a name or a second one of the same name. */
export function readForm(form: Element): DataForm {
  const type = form.attrs['type'] ?? '';
  if (!FORM_TYPES.includes(type)) throw badRequest('The type of a form is form, submit, cancel or result.');
  const fields = new Map<string, readonly string[]>();
  for (const field of form.childrenNamed('field', NS.dataForms)) {
    const name = field.attrs['var'];
    if (name === undefined) {
      if (field.attrs['type'] === 'fixed') continue;
      throw badRequest("A form's field has a name.");
    }
    if (fields.has(name)) throw badRequest(`The form has two fields '${name}'.`);
    fields.set(
      name,
      field.childrenNamed('value', NS.dataForms).map((value) => value.text()),
    );
  }
  const formType = fields.get('FORM_TYPE')?.[0];
  fields.delete('FORM_TYPE');
  return { type: type as FormType, formType, fields };
}

/** The one value of a field; undefined when the field is not there or has none. Throws StanzaError (`bad-request`) when there are several. */
export function readSingle(form: DataForm, name: string): string | undefined {
  const [value, ...more] = form.fields.get(name) ?? [];
  if (more.length > 0) throw badRequest(`The field '${name}' has one value.`);
  return value;
}

/** XEP-0004 §3.3: a boolean field; undefined when it is not there. Throws StanzaError (`bad-request`) when it is anything else. */
export function readBoolean(form: DataForm, name: string): boolean | undefined {
  const value = readSingle(form, name);
  if (value === undefined || value === '') return undefined;
  if (value === '1' || value === 'true') return true;
  if (value === '0' || value === 'false') return false;
  throw badRequest(`The value of '${name}' is true or false.`);
}

/** Writes a form with its hidden FORM_TYPE (XEP-0068) first, where there is one. */
export function writeForm(
  type: FormType,
  formType: string | undefined,
  fields: readonly Field[],
  about: { readonly title?: string; readonly instructions?: string } = {},
): Element {
  return xml(
    'x',
    { xmlns: NS.dataForms, type },
    about.title !== undefined && xml('title', null, about.title),
    about.instructions !== undefined && xml('instructions', null, about.instructions),
    formType !== undefined && xml('field', { var: 'FORM_TYPE', type: 'hidden' }, xml('value', null, formType)),
    ...fields.map(writeField),
  );
}

function writeField({ var: name, type, label, value, options = [], required, desc }: Field): Element {
  return xml(
    'field',
    { var: name, type, label },
    desc !== undefined && xml('desc', null, desc),
    required === true && xml('required'),
    ...writeValues(value),
    ...options.map((option) => {
      const [of, optionLabel] = typeof option === 'string' ? [option, undefined] : option;
      return xml('option', { label: optionLabel }, xml('value', null, of));
    }),
  );
}

function writeValues(value: Field['value']): Element[] {
  if (value === undefined) return [];
  const values = typeof value === 'object' ? value : [typeof value === 'boolean' ? (value ? '1' : '0') : String(value)];
  return values.map((one) => xml('value', null, one));
}

function badRequest(text: string): StanzaError {
  return new StanzaError('bad-request', { text });
}
