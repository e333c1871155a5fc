const BROWSERS = ['Edg', 'OPR', 'SamsungBrowser', 'Firefox', 'Chrome', 'Safari'];
const BROWSER_NAMES: Readonly<Record<string, string>> = {
  Edg: 'Edge',
  OPR: 'Opera',
  SamsungBrowser: 'Samsung Internet',
};
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac', 'CrOS', 'Linux'];

/** What a browser is called by people, from what it calls itself: `Firefox, Linux`. */
export function describeBrowser(userAgent: string): string {
  // Many claim to be others too; the more special ones come first.
  const browser = BROWSERS.find((name) => userAgent.includes(`${name}/`));
  const system = SYSTEMS.find((name) => userAgent.includes(name));
  const named = browser === undefined ? undefined : (BROWSER_NAMES[browser] ?? browser);
  return [named, system].filter((part) => part !== undefined).join(', ');
}
