import { type Element, NS, xml } from '@tutti/xmpp';
import type { FeatureApi } from '../../feature.ts';

/** A picture, as XEP-0084 and XEP-0054 both can tell it. */
export interface Picture {
  /** SHA-1 of the bytes, in hexadecimal. */
  readonly hash: string;
  /** Media type. */
  readonly type: string;
  /** Base64 without white space. */
  readonly base64: string;
  /** Of the picture itself. */
  readonly bytes: number;
}

/** How common pictures begin. */
const SIGNATURES: readonly (readonly [type: string, start: readonly number[]])[] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
];

/** Reads a picture; undefined where the text is no base64 of anything. `type`: where the bytes don't say it. */
export function readPicture(api: FeatureApi, text: string, type: string | undefined): Picture | undefined {
  const base64 = text.replaceAll(/\s/g, '');
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  } catch {
    return undefined;
  }
  if (bytes.length === 0) return undefined;
  const known = SIGNATURES.find(([, start]) => start.every((byte, index) => bytes[index] === byte));
  const hash = toHex(api.digest('sha-1', bytes));
  return { hash, type: known?.[0] ?? type ?? 'application/octet-stream', base64, bytes: bytes.length };
}

/** XEP-0084 §4.2. */
export function dataElement({ base64 }: Picture): Element {
  return xml('data', { xmlns: NS.avatarData }, base64);
}

/** XEP-0084 §4.1; without a picture: there is none (any more). */
export function metadataElement(picture: Picture | undefined): Element {
  const info = picture && xml('info', { bytes: picture.bytes, id: picture.hash, type: picture.type });
  return xml('metadata', { xmlns: NS.avatarMetadata }, info);
}

/** XEP-0398 §3.1: the picture among those that metadata name whose data are at the account. */
export function infoOf(
  metadata: Element | undefined,
): { readonly id: string; readonly type: string | undefined } | undefined {
  for (const { attrs } of metadata?.childrenNamed('info') ?? []) {
    const { id, url, type } = attrs;
    if (id !== undefined && id !== '' && url === undefined) return { id, type };
  }
  return undefined;
}

/** XEP-0153 §4.5. */
export function photoElement({ type, base64 }: Picture): Element {
  return xml('PHOTO', { xmlns: NS.vcardTemp }, xml('TYPE', null, type), xml('BINVAL', null, base64));
}

function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
