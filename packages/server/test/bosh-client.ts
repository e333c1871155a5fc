import { type Element, NS, parseXml } from '@tutti/xmpp';

/** A client of BOSH that writes its requests by hand and counts. */
export class BoshClient {
  readonly url: string;
  rid = 1000;
  /** Requests so far. */
  sent = 0;
  sid = '';

  constructor(url: string) {
    this.url = url;
  }

  /** Sends anything; gives status and text. */
  async post(
    body: string | Uint8Array,
    init: RequestInit = {},
  ): Promise<{ readonly status: number; readonly text: string }> {
    this.sent += 1;
    const response = await fetch(this.url, { method: 'POST', body: body as string, ...init });
    return { status: response.status, text: await response.text() };
  }

  /** Sends a body with these attributes; gives the answer. */
  async request(attributes: string, content = '', init: RequestInit = {}): Promise<Element> {
    return read((await this.post(write(attributes, content), init)).text);
  }

  /** The next request of the session. */
  next(content = '', attributes = '', init: RequestInit = {}): Promise<Element> {
    this.rid += 1;
    return this.request(`rid='${this.rid}' sid='${this.sid}' ${attributes}`, content, init);
  }

  /** Asks for a session. */
  async open(attributes = "hold='1' wait='60'"): Promise<Element> {
    const given = `rid='${this.rid}' to='localhost' ver='1.11' xml:lang='en' xmpp:version='1.0' ${attributes}`;
    const answer = await this.request(given);
    this.sid = answer.attrs['sid'] ?? '';
    return answer;
  }

  /** Logs in with PLAIN and binds. */
  async logIn(attributes?: string): Promise<Element> {
    await this.open(attributes);
    const auth = Buffer.from('\0user\0pencil').toString('base64');
    await this.next(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${auth}</auth>`);
    await this.next('', "to='localhost' xmpp:restart='true'");
    return this.next(`<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`);
  }
}

function write(attributes: string, content: string): string {
  return `<body ${attributes} xmlns='${NS.httpBind}' xmlns:xmpp='${NS.xbosh}'>${content}</body>`;
}

function read(text: string): Element {
  return parseXml(text);
}
