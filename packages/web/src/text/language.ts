import { de } from './de.ts';
import { en, type Strings } from './en.ts';

/** A language of the page. One more is a file beside en.ts and a line here. */
export const languages = { en, de } as const satisfies Record<string, Strings>;

export type Language = keyof typeof languages;

/** The first of the wanted languages (BCP 47) that there is, else English. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const name = tag.toLowerCase().split('-')[0] ?? '';
    if (Object.hasOwn(languages, name)) return name as Language;
  }
  return 'en';
}
