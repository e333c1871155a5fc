import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock, Logger } from '../environment.ts';
import type { Metrics } from '../observe/metrics.ts';
import { UploadCut, type UploadDesk, type UploadedFile, UploadRefusal, type Vault } from '../uploads/uploads.ts';
import { chooseRange, isUnchanged } from './range.ts';
import { readSteadily } from './read-steadily.ts';

const UPLOAD_PATH = '/upload';

export interface UploadOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly desk: UploadDesk;
  readonly vault: Vault;
  readonly metrics: Pick<Metrics, 'uploads' | 'uploadedBytes'>;
  /** Milliseconds that an upload may stand still; 0 = no limit. Read for each. */
  readonly idleTime: number;
}

interface FileRequest {
  readonly Params: { readonly id: string };
}

/** What is as harmless shown as saved: pictures, sounds, films. SVG is a document with scripts. */
const SHOWN = /^(?:image\/(?!svg)|audio\/|video\/)[a-z0-9.+-]+$/;

const DRAINED_BYTES = 1_048_576;

/** XEP-0363 §8: web clients of any origin may use it. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'OPTIONS, HEAD, GET, PUT',
  'access-control-allow-headers': 'Authorization, Content-Range, Content-Type',
  'access-control-expose-headers': 'Content-Length, Content-Range, ETag, Upload-Offset',
  'access-control-max-age': '86400',
};

/** XEP-0363 §10: whatever a file is, it runs nothing here. */
const ISOLATION = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
};

/** Serves the PUT and GET addresses of slots (XEP-0363): files go through in pieces, never whole into memory. */
export function addUploads(app: FastifyInstance, options: UploadOptions): void {
  void app.register(async (scope) => {
    // The body is left alone: who takes it reads it in pieces.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    const url = `${UPLOAD_PATH}/:id/*`;
    scope.options(url, (_request, reply) => reply.headers(CORS).code(204).send());
    scope.put<FileRequest>(url, (request, reply) => put(request, reply, options));
    scope.route<FileRequest>({
      method: ['GET', 'HEAD'],
      url,
      handler: (request, reply) => give(request, reply, options),
    });
  });
}

async function put(
  request: FastifyRequest<FileRequest>,
  reply: FastifyReply,
  options: UploadOptions,
): Promise<FastifyReply> {
  const { desk, vault, logger, metrics } = options;
  reply.headers(CORS);
  try {
    if (vault.kind !== 'local') throw new UploadRefusal(405, 'Files are put elsewhere.');
    const { headers } = request;
    const length = headers['content-length'];
    const rest = readRest(headers['content-range']);
    const attempt = {
      secret: secretOf(request),
      rest,
      length: length === undefined ? undefined : Number(length),
      type: headers['content-type'],
    };
    const file = await desk.begin(request.params.id, attempt);
    const isNew = await receive(request.raw, file, vault, rest?.start ?? 0, options);
    metrics.uploads.stored.inc();
    if (isNew) metrics.uploadedBytes.inc(file.size);
    return await reply.code(isNew ? 201 : 200).send();
  } catch (error) {
    const refusal = toRefusal(error);
    metrics.uploads[refusal.status < 500 ? 'refused' : 'failed'].inc();
    if (refusal.status >= 500) logger.error({ error: String(error) }, 'a file could not be stored');
    // A little that is left of the body is read, so that the client can read this; more is not worth it.
    if (!(Number(request.headers['content-length']) <= DRAINED_BYTES)) reply.header('connection', 'close');
    if (refusal.status === 409 && vault.kind === 'local')
      reply.header('upload-offset', String(await vault.received(request.params.id)));
    return reply.code(refusal.status).type('text/plain').send(`${refusal.message}\n`);
  }
}

function secretOf({ headers }: FastifyRequest): string {
  return /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** RFC 9110 §14.5: the rest of a file, from a byte on; undefined: all of it. Throws UploadRefusal for anything else. */
function readRest(header: string | undefined): { start: number; total: number } | undefined {
  if (header === undefined) return undefined;
  const [, first = '', last = '', all = ''] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header) ?? [];
  const [start, end, total] = [Number(first), Number(last), Number(all)];
  if (first === '' || start > end || end !== total - 1)
    throw new UploadRefusal(400, 'Content-Range is "bytes START-END/SIZE", up to the end of the file.');
  return { start, total };
}

/** How far an upload has come, for who may go on with it (HEAD with the header of the slot): the byte to go on with. */
async function tellOffset(
  request: FastifyRequest<FileRequest>,
  reply: FastifyReply,
  { desk, vault }: UploadOptions,
): Promise<FastifyReply> {
  try {
    const { id } = await desk.look(request.params.id, secretOf(request));
    const offset = vault.kind === 'local' ? await vault.received(id) : 0;
    return await reply
      .headers({ 'upload-offset': String(offset), 'cache-control': 'no-store' })
      .code(204)
      .send();
  } catch (error) {
    return reply.code(toRefusal(error).status).send();
  }
}

/** Whether it is new: who did not hear that it had arrived may send the same again. */
async function receive(
  body: IncomingMessage,
  file: UploadedFile,
  vault: Vault & { kind: 'local' },
  start: number,
  { desk, clock, idleTime }: UploadOptions,
): Promise<boolean> {
  const content = readSteadily(body, clock, idleTime);
  let hash: string | undefined;
  let isWanted = true;
  let isCut = false;
  try {
    if (file.hash === undefined) hash = await vault.receive(file, content, start);
    else if ((await hashOf(content)) !== file.hash) throw new UploadRefusal(409, 'There is another file already.');
  } catch (error) {
    isCut = error instanceof UploadCut;
    throw error;
  } finally {
    isWanted = await desk.end(file, hash, isCut);
    if (!isWanted) await vault.remove(file.id);
  }
  if (!isWanted) throw new UploadRefusal(410, 'Nobody wants the file any more.');
  return file.hash === undefined;
}

async function hashOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('base64url');
}

async function give(
  request: FastifyRequest<FileRequest>,
  reply: FastifyReply,
  options: UploadOptions,
): Promise<FastifyReply> {
  const { desk, vault, clock } = options;
  reply.headers(CORS).headers(ISOLATION);
  const file = await desk.find(request.params.id);
  if (file === undefined && request.method === 'HEAD' && request.headers.authorization !== undefined)
    return tellOffset(request, reply, options);
  if (file === undefined) return reply.code(404).type('text/plain').send('There is no such file.\n');
  const type = file.type ?? 'application/octet-stream';
  const disposition = writeDisposition(SHOWN.test(type) ? 'inline' : 'attachment', file.name);
  if (vault.kind === 'remote' && request.method === 'HEAD') {
    // The address that is signed is good for GET alone.
    return reply.headers({ 'content-length': String(file.size), 'content-type': type }).send();
  }
  if (vault.kind === 'remote') {
    return reply.header('cache-control', 'no-store').redirect(await vault.signGet(file, { type, disposition }), 302);
  }
  const tag = `"${file.hash ?? ''}"`;
  const modified = new Date(file.storedAt ?? 0).toUTCString();
  const left = file.expires === undefined ? YEAR : Math.max(0, Math.floor((file.expires - clock.now()) / 1000));
  reply.headers({
    etag: tag,
    'last-modified': modified,
    'accept-ranges': 'bytes',
    'cache-control': `private, immutable, max-age=${Math.min(left, YEAR)}`,
  });
  if (isUnchanged(request.headers, tag, modified)) return reply.code(304).send();
  reply.headers({ 'content-type': type, 'content-disposition': disposition });
  const range = chooseRange(request.headers, file.size, tag, modified);
  if (range === 'unsatisfiable') {
    return reply.code(416).header('content-range', `bytes */${file.size}`).type('text/plain').send();
  }
  const { start, end } = range ?? { start: 0, end: file.size - 1 };
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end}/${file.size}`);
  reply.header('content-length', String(end - start + 1));
  if (request.method === 'HEAD') return reply.send();
  return reply.send(await vault.read(file.id, start, end));
}

/** Seconds. */
const YEAR = 31_536_000;

/** RFC 6266 §4: the name for old and new programs. */
function writeDisposition(kind: 'inline' | 'attachment', name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** The disk's own errors: full, or the quota of this user there. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

function toRefusal(error: unknown): UploadRefusal {
  if (error instanceof UploadRefusal) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (FULL.has(code ?? '')) return new UploadRefusal(507, 'There is no space left on this server.');
  return new UploadRefusal(500, 'The file could not be stored.');
}
