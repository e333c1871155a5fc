import type { Language } from '../text/language.ts';

/** What the user chose for this browser. */
export interface Preferences {
  /** Undefined: as the browser says. */
  readonly language?: Language | undefined;
  readonly theme?: 'light' | 'dark' | undefined;
  readonly notify?: boolean | undefined;
}

const KEY = 'tutti.preferences';

export function loadPreferences(): Preferences {
  const text = localStorage.getItem(KEY);
  return text === null ? {} : (JSON.parse(text) as Preferences);
}

export function savePreferences(preferences: Preferences): void {
  localStorage.setItem(KEY, JSON.stringify(preferences));
}
