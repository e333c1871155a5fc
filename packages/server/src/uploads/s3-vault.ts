import { AwsClient } from 'aws4fetch';
import type { RemoteVault, UploadedFile } from './uploads.ts';

export interface S3Options {
  /** With the bucket, such as https://s3.example.org/bucket. */
  readonly endpoint: string;
  readonly region: string;
  readonly key: string;
  readonly secret: string;
  /** Seconds that an address to read from is good; read for each. */
  readonly readTime: number;
}

/** Milliseconds that the service may take to answer us. */
const ANSWER_MS = 10_000;

/** Files with a service that speaks S3: clients put and get them there, with addresses that are signed here (Signature Version 4). */
export class S3Vault implements RemoteVault {
  readonly kind = 'remote';
  readonly #options: S3Options;
  readonly #client: AwsClient;

  constructor(options: S3Options) {
    const { key, secret, region } = options;
    this.#options = options;
    this.#client = new AwsClient({ accessKeyId: key, secretAccessKey: secret, region, service: 's3', retries: 1 });
  }

  /** The signature covers the length and, where it is known, the type: nothing else can be put there. */
  signPut({ id, size, type }: UploadedFile, seconds: number): Promise<string> {
    const headers = { 'content-length': String(size), ...(type === undefined ? {} : { 'content-type': type }) };
    return this.#sign('PUT', id, seconds, {}, headers);
  }

  signGet({ id }: UploadedFile, { type, disposition }: { type: string; disposition: string }): Promise<string> {
    const query = { 'response-content-type': type, 'response-content-disposition': disposition };
    return this.#sign('GET', id, this.#options.readTime, query);
  }

  async measure(id: string): Promise<number | undefined> {
    const response = await this.#ask('HEAD', id);
    if (response.status === 404) return undefined;
    requireSuccess(response);
    return Number(response.headers.get('content-length'));
  }

  async room(): Promise<undefined> {
    return undefined;
  }

  async remove(id: string): Promise<void> {
    const response = await this.#ask('DELETE', id);
    if (response.status !== 404) requireSuccess(response);
  }

  async #ask(method: string, id: string): Promise<Response> {
    return this.#client.fetch(this.#address(id).href, { method, signal: AbortSignal.timeout(ANSWER_MS) });
  }

  async #sign(
    method: string,
    id: string,
    seconds: number,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const url = this.#address(id);
    url.searchParams.set('X-Amz-Expires', String(Math.ceil(seconds)));
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const signed = await this.#client.sign(url.href, { method, headers, aws: { signQuery: true, allHeaders: true } });
    return signed.url;
  }

  #address(id: string): URL {
    return new URL(`${this.#options.endpoint.replace(/\/$/, '')}/${id}`);
  }
}

function requireSuccess(response: Response): void {
  if (!response.ok) throw new Error(`the S3 service answered ${response.status}`);
}
