/** The messages of RFC 5802 §7, read strictly. Each reader throws SaslError('malformed-request'). */
import { SaslError } from '@tutti/xmpp';
import { decodeBase64, decodeUtf8 } from './text.ts';

/** RFC 5802 §6: does the client bind the channel? `y`: it would, but thinks that we cannot. */
export type BindingFlag = { readonly kind: 'n' | 'y' } | { readonly kind: 'p'; readonly type: string };

export interface ClientFirst {
  readonly flag: BindingFlag;
  /** '' when absent. */
  readonly authzid: string;
  readonly name: string;
  readonly nonce: string;
  /** The GS2 header with its last comma; comes again in the final message. */
  readonly gs2Header: string;
  /** All after the GS2 header; goes into the AuthMessage. */
  readonly bare: string;
}

export interface ClientFinal {
  readonly binding: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
  /** All before `,p=`; goes into the AuthMessage. */
  readonly withoutProof: string;
}

/** The longest message, name and nonce that are looked at, in UTF-16 units. */
const MAX_MESSAGE = 4096;
const MAX_NAME = 1023;
const MAX_NONCE = 256;

const GS2_HEADER = /^(?:([ny])|p=([A-Za-z0-9.-]{1,64})),(?:a=([^,\0]+))?,/;
const FIRST_BARE = /^n=([^,\0]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[A-Za-z]=[^,\0]+)*$/;
const FINAL = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[A-Za-z]=[^,\0]+)*),p=([A-Za-z0-9+/=]+)$/;

export function readClientFirst(message: Uint8Array): ClientFirst {
  const text = decodeMessage(message);
  const gs2 = GS2_HEADER.exec(text);
  if (gs2 === null) throw new SaslError('malformed-request');
  const [gs2Header, flag, type, authzid] = gs2;
  const bare = text.slice(gs2Header.length);
  // RFC 5802 §5.1: `m=` stands for extensions that must be understood, and we understand none
  const [, name = '', nonce = ''] = FIRST_BARE.exec(bare) ?? [];
  if (name === '' || name.length > MAX_NAME || nonce.length > MAX_NONCE) throw new SaslError('malformed-request');
  return {
    flag: type === undefined ? { kind: flag === 'y' ? 'y' : 'n' } : { kind: 'p', type },
    authzid: unescapeName(authzid ?? ''),
    name: unescapeName(name),
    nonce,
    gs2Header,
    bare,
  };
}

export function readClientFinal(message: Uint8Array): ClientFinal {
  const [, withoutProof, binding, nonce, proof] = FINAL.exec(decodeMessage(message)) ?? [];
  if (withoutProof === undefined || binding === undefined || nonce === undefined || proof === undefined) {
    throw new SaslError('malformed-request');
  }
  return { binding: decodeBase64(binding), nonce, proof: decodeBase64(proof), withoutProof };
}

function decodeMessage(message: Uint8Array): string {
  if (message.length > MAX_MESSAGE) throw new SaslError('malformed-request', 'The message is too long');
  return decodeUtf8(message);
}

/** RFC 5802 §5.1: '=2C' is ',' and '=3D' is '='; any other '=' is an error. */
function unescapeName(text: string): string {
  return text.replace(/=(2C|3D|)/g, (_, code: string) => {
    if (code === '') throw new SaslError('malformed-request', "'=' must be followed by 2C or 3D");
    return code === '2C' ? ',' : '=';
  });
}
