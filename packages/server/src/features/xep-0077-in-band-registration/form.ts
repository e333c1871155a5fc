import { type Element, type Field, NS, readForm, readSingle, StanzaError, writeForm, xml } from '@tutti/xmpp';

/** XEP-0068 §3.4: of a namespace that is not the form's own. */
const TOKEN = `{${NS.preAuthSubscription}}token`;
const CHANGE_PASSWORD = `${NS.register}:changepassword`;

/** What somebody has filled in; '' where nothing. */
export interface Answers {
  readonly username: string;
  readonly password: string;
  /** An invitation (XEP-0445); '': none. */
  readonly token: string;
}

/** What is asked of a newcomer. */
export interface Questions {
  /** XEP-0401 §5.2: the only one that there is. */
  readonly username?: string | undefined;
  /** May an invitation be shown here, or must it be? */
  readonly token: 'none' | 'optional' | 'required';
}

/** XEP-0077 §3.1.1, §4: the form, and the same as fields where these are enough (§6: an invitation is no field of theirs). */
export function askNewcomer({ username, token }: Questions): Element {
  const fields: Field[] = [
    { var: 'username', type: 'text-single', label: 'Username', required: true, value: username },
    { var: 'password', type: 'text-private', label: 'Password', required: true },
  ];
  if (token !== 'none')
    fields.push({ var: TOKEN, type: 'text-single', label: 'Invitation', required: token === 'required' });
  const instructions =
    token === 'required' ? 'An account here needs an invitation.' : 'Choose a username and a password.';
  return xml(
    'query',
    { xmlns: NS.register },
    xml('instructions', null, instructions),
    ...(token === 'required' ? [] : [xml('username'), xml('password')]),
    writeForm('form', NS.register, fields, { title: 'A new account', instructions }),
  );
}

/** XEP-0077 §3.1: what is on file of somebody who has logged in. The password never is. */
export function tellMember(username: string): Element {
  const instructions = 'You are registered. Set another password, or remove your account.';
  const fields: Field[] = [
    { var: 'username', type: 'text-single', label: 'Username', required: true, value: username },
    { var: 'password', type: 'text-private', label: 'New password', required: true },
  ];
  return xml(
    'query',
    { xmlns: NS.register },
    xml('registered'),
    xml('instructions', null, instructions),
    xml('username', null, username),
    xml('password'),
    writeForm('form', CHANGE_PASSWORD, fields, { title: 'Your account', instructions }),
  );
}

/** XEP-0077 §4, §6: the form has precedence over the fields. Throws StanzaError for a form that is something else. */
export function readAnswers(query: Element): Answers {
  const x = query.child('x', NS.dataForms);
  if (x === undefined) {
    const text = (name: string): string => query.child(name)?.text() ?? '';
    const token = query.child('preauth', NS.preAuthSubscription)?.attrs['token'] ?? '';
    return { username: text('username'), password: text('password'), token };
  }
  const form = readForm(x);
  if (form.type !== 'submit') throw new StanzaError('bad-request', { text: 'The form has to be submitted.' });
  const { formType = NS.register } = form;
  if (formType !== NS.register && formType !== CHANGE_PASSWORD)
    throw new StanzaError('bad-request', { text: `'${formType}' is another form.` });
  const answer = (name: string): string => readSingle(form, name) ?? '';
  return { username: answer('username'), password: answer('password'), token: answer(TOKEN) };
}
