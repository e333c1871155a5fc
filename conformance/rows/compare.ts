import { check } from '../failure.ts';
import type { Expectation, Form } from './row.ts';

/** Compares who saw what, by form only. */
export function compareForms(expect: Expectation, sees: Readonly<Record<string, readonly string[]>>): void {
  for (const device of new Set([...Object.keys(expect.sees), ...Object.keys(sees)])) {
    const wanted = expect.sees[device] ?? [];
    const seen = sees[device] ?? [];
    check(fits(wanted, seen), `${device} sees ${list(seen)}, must see ${list(wanted)}`);
  }
}

/** Compares the number of new rows; where an error may come back, one more is right, too. */
export function compareRows(expect: Expectation, rows: Readonly<Record<string, number>>): void {
  const open = isOpen(expect);
  for (const who of new Set([...Object.keys(expect.rows), ...Object.keys(rows)])) {
    const wanted = expect.rows[who] ?? 0;
    const seen = rows[who] ?? 0;
    check(
      seen === wanted || (open && seen === wanted + 1),
      `${who}'s archive has ${seen} new rows, must have ${wanted}`,
    );
  }
}

/** True where an error may come back, or not. */
export function isOpen(expect: Expectation): boolean {
  return Object.values(expect.sees).some((forms) => forms.includes('bounce?') || forms.includes('error?'));
}

/** True when what was seen is what is wanted, in order; what has a `?` may be missing at the end. */
function fits(wanted: readonly string[], seen: readonly string[]): boolean {
  if (seen.length > wanted.length) return false;
  return wanted.every((form, index) => {
    const one = seen[index];
    if (one === undefined) return form.endsWith('?');
    return isForm(one, form.replace('?', '') as Form);
  });
}

function isForm(seen: string, wanted: Form): boolean {
  return wanted === 'carbon' ? seen === 'sent' || seen === 'received' : seen === wanted;
}

function list(forms: readonly string[]): string {
  return forms.length === 0 ? 'nothing' : forms.join(', ');
}
