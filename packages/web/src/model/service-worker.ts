/** What of Trusted Types is used here; the DOM's declarations do not have it yet. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/** Lets the page be opened without a connection. Where the browser does not let us, it just isn't. */
export function registerServiceWorker(): void {
  if (!('serviceWorker' in navigator)) return;
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
  const path = '/sw.js';
  // The one script address that the page's policy lets through.
  const policy = trustedTypes?.createPolicy('tutti', {
    createScriptURL: (url) => {
      if (url !== path) throw new TypeError(`not a script of ours: ${url}`);
      return url;
    },
  });
  navigator.serviceWorker
    .register(policy?.createScriptURL(path) ?? path)
    .catch((error: unknown) => console.warn('the page will not open without a connection', error));
}
