import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** A way to write a file that makes it smaller: RFC 9110 §8.4.1. */
type Encoding = 'br' | 'gzip';

/** A file that is served as it is. */
export interface StaticFile {
  /** Its path at the server, such as `/assets/index-abc.js`. */
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  /** Names its content. */
  readonly etag: string;
  /** Its name changes with its content: it may be kept for ever. */
  readonly isForever: boolean;
  /** The content in an encoding; undefined where that makes it no smaller. Computed once. */
  encode(encoding: Encoding): Promise<Buffer> | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
};

/** Files of other kinds are small as they are. */
const COMPRESSIBLE = /^text\/|json|javascript|svg/;
/** Better than 9 takes ten times as long for a few bytes; the first who asks waits for it. */
const BROTLI_QUALITY = 9;

/** Reads a folder with all that is in it, as it is now. Undefined when there is no such folder. */
export function readStaticFiles(folder: string): readonly StaticFile[] | undefined {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map(({ parentPath, name }) => {
        const place = join(parentPath, name);
        return makeFile(place.slice(folder.length).replaceAll(sep, '/').replace(/^\/*/, '/'), readFileSync(place));
      });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function makeFile(path: string, body: Buffer): StaticFile {
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  const encoded = new Map<Encoding, Promise<Buffer>>();
  return {
    path,
    type,
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    isForever: path.startsWith('/assets/'),
    encode: (encoding) => {
      if (!COMPRESSIBLE.test(type)) return undefined;
      const known = encoded.get(encoding) ?? compress(body, encoding);
      encoded.set(encoding, known);
      return known;
    },
  };
}

function compress(body: Buffer, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return promisify(gzip)(body, { level: 9 });
  return promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } });
}

/** The encoding to answer with: RFC 9110 §12.5.3. Undefined for none. */
export function chooseEncoding(accepted: string | undefined): Encoding | undefined {
  const wanted = new Map(
    (accepted ?? '').split(',').map((one) => {
      const [name = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
      return [name, parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))] as const;
    }),
  );
  return (['br', 'gzip'] as const).find((name) => wanted.get(name) === false);
}
