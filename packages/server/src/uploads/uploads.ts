import type { Readable } from 'node:stream';

/** A file that has been announced (a slot, XEP-0363 §5), and perhaps stored. */
export interface UploadedFile {
  /** Unguessable; the name of the file in its vault and in its address. */
  readonly id: string;
  /** As its owner called it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** The media type, without parameters; undefined where none has been told yet. */
  readonly type: string | undefined;
  /** SHA-256 of the content in base64url, of files on disk; undefined until it is stored. */
  readonly hash: string | undefined;
  /** Milliseconds since 1970 UTC; undefined until it is stored. */
  readonly storedAt: number | undefined;
  /** When it is removed, in the same; undefined: never. */
  readonly expires: number | undefined;
}

/** What a PUT says of itself. */
export interface UploadAttempt {
  readonly secret: string;
  /** Content-Length; undefined where there is none. */
  readonly length: number | undefined;
  /** Content-Type; undefined where there is none. */
  readonly type: string | undefined;
  /** RFC 9110 §14.5: from which byte on it is sent, of how many; undefined: all of it. */
  readonly rest: { readonly start: number; readonly total: number } | undefined;
}

/** Why a file is not taken, as HTTP says it. */
export class UploadRefusal extends Error {
  override readonly name = 'UploadRefusal';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The connection was lost or stood still in the middle of a file: what has come may be kept, and the rest sent later. */
export class UploadCut extends UploadRefusal {}

/** What the HTTP server asks about files; the feature answers. */
export interface UploadDesk {
  /** A PUT begins; `end` must be called. Rejects with UploadRefusal. */
  begin(id: string, attempt: UploadAttempt): Promise<UploadedFile>;
  /** It is over: the file is there with this hash, or it isn't: `cut` where it may go on later. False: nobody wants it any more. */
  end(file: UploadedFile, hash: string | undefined, cut?: boolean): Promise<boolean>;
  /** A slot that is to be filled, for who knows its secret. Rejects with UploadRefusal. */
  look(id: string, secret: string): Promise<UploadedFile>;
  /** A file that is there and may be read. */
  find(id: string): Promise<UploadedFile | undefined>;
}

/** Where the bytes of files are, for the feature. */
export interface FileVault {
  /** An address that a client puts a file to directly; undefined: it puts it to this server. `seconds`: how long it is good. */
  signPut(file: UploadedFile, seconds: number): Promise<string> | undefined;
  /** The size of what is there in bytes; undefined: nothing. */
  measure(id: string): Promise<number | undefined>;
  /** Bytes that there is room for; undefined: not known. */
  room(): Promise<number | undefined>;
  /** Removes what is there, if anything. */
  remove(id: string): Promise<void>;
}

/** A vault whose files this server takes and gives itself. */
export interface LocalVault extends FileVault {
  readonly kind: 'local';
  /**
   * Takes a file, or the rest of it from a byte on; gives the hash of the whole. Rejects with UploadRefusal, or with the error of the disk: then there
   * is nothing, but after an UploadCut, when what has come is kept.
   */
  receive(file: UploadedFile, content: AsyncIterable<Uint8Array>, start: number): Promise<string>;
  /** How many bytes of a file have come before it was cut. */
  received(id: string): Promise<number>;
  /** Reads a part, both ends included. Rejects when it isn't there. */
  read(id: string, start: number, end: number): Promise<Readable>;
}

/** A vault that clients read from directly. */
export interface RemoteVault extends FileVault {
  readonly kind: 'remote';
  /** An address that it can be read from with these headers. */
  signGet(file: UploadedFile, headers: { readonly type: string; readonly disposition: string }): Promise<string>;
}

export type Vault = LocalVault | RemoteVault;
