/** A server under measurement, on loopback, in a temporary folder that goes with it. */
export interface BenchServer {
  readonly name: ServerName;
  readonly version: string;
  /** Plain TCP on 127.0.0.1; the domain is localhost. */
  readonly port: number;
  /** How several devices of an account see the same conversation. */
  readonly copies: 'im-ng' | 'carbons';
  /** All its processes, those of its database among them: their CPU and memory count as its own. */
  readonly roots: readonly number[];
  /** Milliseconds from starting it to its port being open; its database ran already. */
  readonly startMs: number;
  /** Makes accounts with the password 'secret'. */
  addAccounts(names: readonly string[]): Promise<void>;
  /** Bytes on disk of the archive. */
  archiveBytes(): Promise<number>;
  stop(): Promise<void>;
}

export type ServerName = 'Tutti' | 'Prosody' | 'ejabberd';

/** The password of every account. */
export const PASSWORD = 'secret';
