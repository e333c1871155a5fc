import { Strophe } from 'strophe.js';

/** As much of XMLHttpRequest as strophe.js needs for BOSH, which no Node has: made of fetch. */
export class FetchXmlHttpRequest {
  readyState = 0;
  status = 0;
  responseText = '';
  responseXML: unknown = null;
  onreadystatechange: (() => void) | null = null;
  withCredentials = false;
  readonly #aborting = new AbortController();
  readonly #headers: Record<string, string> = {};
  #method = 'GET';
  #url = '';

  open(method: string, url: string): void {
    this.#method = method;
    this.#url = url;
    this.#reach(1);
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  overrideMimeType(): void {}

  getAllResponseHeaders(): string {
    return '';
  }

  abort(): void {
    this.#aborting.abort();
  }

  send(body: string): void {
    const { signal } = this.#aborting;
    const answer = fetch(this.#url, { method: this.#method, headers: this.#headers, body, signal }).then(
      async (response) => {
        this.responseText = await response.text();
        this.responseXML = Strophe.xmlHtmlNode(this.responseText);
        this.status = response.status;
      },
      // As a browser has it: a connection that failed has the status 0.
      () => undefined,
    );
    void answer.then(() => this.#reach(4));
  }

  #reach(state: number): void {
    this.readyState = state;
    this.onreadystatechange?.();
  }
}
