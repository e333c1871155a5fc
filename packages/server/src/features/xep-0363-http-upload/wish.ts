import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import type { Config } from '../../feature.ts';

/** What a client asks a slot for (XEP-0363 §5, §6). */
export interface Wish {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** A media type without parameters, in lower case. */
  readonly type: string | undefined;
  readonly purpose: Purpose;
  /** Milliseconds since 1970 UTC: the file may not be there after this. */
  readonly before: number | undefined;
}

export type Purpose = 'message' | 'profile' | 'ephemeral';

/** XEP-0363 §6: what a file can be for. */
export const PURPOSES: readonly Purpose[] = ['message', 'profile', 'ephemeral'];

/** The longest name in bytes of UTF-8, as file systems have it. */
const NAME_BYTES = 255;
const TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/;

/** Reads a request. Throws StanzaError: `bad-request`; `not-acceptable` for what this server does not take. */
export function readWish(request: Element, { upload }: Config, now: number): Wish {
  const { filename: name = '', size: sizeText = '' } = request.attrs;
  if (name === '' || hasControl(name)) throw badRequest('A file needs a name, without line breaks.');
  if (new TextEncoder().encode(name).length > NAME_BYTES) throw badRequest(`A name has at most ${NAME_BYTES} bytes.`);
  const size = /^\d{1,15}$/.test(sizeText) ? Number(sizeText) : 0;
  if (size === 0) throw badRequest('The size of a file is a positive number of bytes.');
  const type = readType(request.attrs['content-type']);
  const wish = { name, size, type, ...readPurpose(request, now) };
  if (upload.types.length > 0 && !isAllowed(type, upload.types)) {
    throw new StanzaError('not-acceptable', {
      text: `Files of this type are not taken: ${upload.types.join(', ')} are.`,
    });
  }
  checkSize(wish, wish.purpose === 'profile' ? upload.profileBytes : upload.fileBytes);
  return wish;
}

/** Is a type among these? `image/*` stands for all images; what has no type is application/octet-stream. */
export function isAllowed(type: string | undefined, types: readonly string[]): boolean {
  const known = type ?? 'application/octet-stream';
  return types.some((one) => one === known || (one.endsWith('/*') && known.startsWith(one.slice(0, -1))));
}

/** The media type of a Content-Type, without its parameters; undefined where there is none. Throws StanzaError. */
function readType(text: string | undefined): string | undefined {
  const type = baseType(text);
  if (type !== undefined && !TYPE.test(type)) throw badRequest('The content-type is a media type such as image/png.');
  return type;
}

/** In lower case, without parameters. */
export function baseType(text: string | undefined): string | undefined {
  const type = text?.split(';')[0]?.trim().toLowerCase() ?? '';
  return type === '' ? undefined : type;
}

/** XEP-0363 §6: one purpose, 'message' where none is named. */
function readPurpose(request: Element, now: number): Pick<Wish, 'purpose' | 'before'> {
  const [first, ...more] = request.elements.filter(({ ns }) => ns === NS.httpUploadPurpose);
  if (first === undefined) return { purpose: 'message', before: undefined };
  const purpose = PURPOSES.find((one) => one === first.name);
  if (more.length > 0) throw badRequest('A file has one purpose.');
  if (purpose === undefined) throw new StanzaError('feature-not-implemented', { text: 'That purpose is not offered.' });
  if (purpose !== 'ephemeral') return { purpose, before: undefined };
  const before = readDate(first.attrs['expire-before'] ?? '');
  if (before === undefined || before <= now) throw badRequest('expire-before is a time that is yet to come.');
  return { purpose, before };
}

/** XEP-0082 §3.2, with a time zone. */
function readDate(text: string): number | undefined {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** XEP-0363 §7, example 10. */
function checkSize({ size }: { size: number }, most: number): void {
  if (most === 0 || size <= most) return;
  throw new StanzaError('not-acceptable', {
    text: `The file is too large: ${most} bytes is the most.`,
    extra: xml('file-too-large', { xmlns: NS.httpUpload }, xml('max-file-size', null, String(most))),
  });
}

function hasControl(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are meant
  return /[\u0000-\u001f\u007f]/.test(text);
}

function badRequest(text: string): StanzaError {
  return new StanzaError('bad-request', { text });
}
