import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const KEY = 'AKIDEXAMPLE';
const SECRET = 'wJalrXUtnFEMI';
const REGION = 'eu-test-1';

/** A tiny S3: one bucket in memory, which checks every signature (Signature Version 4, in the query or in a header) and every signed header. */
export class S3StandIn {
  readonly files = new Map<string, { readonly content: Buffer; readonly type: string | undefined }>();
  /** Why requests were refused. */
  readonly refusals: string[] = [];
  readonly #server = createServer((request, response) => void this.#handle(request, response));

  readonly options = { region: REGION, key: KEY, secret: SECRET };

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/bucket`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const content = await buffer(request);
    const url = new URL(request.url ?? '', 'http://x');
    const problem = checkSignature(request, url);
    if (problem !== undefined) {
      this.refusals.push(problem);
      response.writeHead(403).end();
      return;
    }
    const name = url.pathname.replace('/bucket/', '');
    const file = this.files.get(name);
    if (request.method === 'PUT') {
      this.files.set(name, { content, type: request.headers['content-type'] });
      response.writeHead(200).end();
    } else if (request.method === 'DELETE') {
      this.files.delete(name);
      response.writeHead(204).end();
    } else if (file === undefined) {
      response.writeHead(404).end();
    } else {
      response.writeHead(200, {
        'content-length': file.content.length,
        'content-type': url.searchParams.get('response-content-type') ?? file.type ?? 'binary/octet-stream',
        'content-disposition': url.searchParams.get('response-content-disposition') ?? '',
      });
      response.end(request.method === 'HEAD' ? undefined : file.content);
    }
  }
}

function checkSignature(request: IncomingMessage, url: URL): string | undefined {
  const inQuery = url.searchParams.has('X-Amz-Signature');
  const fields = inQuery ? readQuery(url) : readHeader(request);
  if (fields === undefined) return 'there is no signature';
  const { credential, signedHeaders, signature, date, expires } = fields;
  const time = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(Date.now() - time) < 900_000 || expires !== undefined)) return 'the date is wrong';
  if (expires !== undefined && Date.now() > time + expires * 1000) return 'it has expired';
  const day = date.slice(0, 8);
  const scope = `${day}/${REGION}/s3/aws4_request`;
  if (credential !== `${KEY}/${scope}`) return `the credential is ${credential}`;
  if (!signedHeaders.split(';').includes('host')) return 'the host is not signed';
  const headers = signedHeaders.split(';').map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`);
  const payload = inQuery ? 'UNSIGNED-PAYLOAD' : String(request.headers['x-amz-content-sha256']);
  const canonical = [request.method, url.pathname, canonicalQuery(url), headers.join(''), signedHeaders, payload].join(
    '\n',
  );
  const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [day, REGION, 's3', 'aws4_request'].reduce<Buffer | string>(
    (so, part) => createHmac('sha256', so).update(part).digest(),
    `AWS4${SECRET}`,
  );
  return createHmac('sha256', key).update(text).digest('hex') === signature ? undefined : 'the signature is wrong';
}

function readQuery({ searchParams: query }: URL) {
  return {
    credential: query.get('X-Amz-Credential') ?? '',
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
    signature: query.get('X-Amz-Signature') ?? '',
    date: query.get('X-Amz-Date') ?? '',
    expires: Number(query.get('X-Amz-Expires')),
  };
}

function readHeader({ headers }: IncomingMessage) {
  const found = /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=(\S+)$/.exec(
    headers.authorization ?? '',
  );
  if (found === null) return undefined;
  const [, credential = '', signedHeaders = '', signature = ''] = found;
  return { credential, signedHeaders, signature, date: String(headers['x-amz-date']), expires: undefined };
}

function canonicalQuery({ searchParams }: URL): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  return [...searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&');
}
