/** What a server gives to log in with the next time, in one step and without the password: XEP-0484 §3.3. */
export interface Token {
  readonly mechanism: string;
  readonly token: string;
  /** When it ends, as XEP-0082 writes time. */
  readonly expiry: string;
}

/** Where the latest token is kept. It is as good as the password, for this device and until it ends or is revoked. */
export interface TokenKeeper {
  load(): Promise<Token | undefined>;
  /** Undefined: there is no good one any more. */
  save(token: Token | undefined): Promise<void>;
}

/** Keeps it as long as the program runs. */
export function memoryToken(): TokenKeeper {
  let latest: Token | undefined;
  return {
    load: () => Promise.resolve(latest),
    save: (token) => {
      latest = token;
      return Promise.resolve();
    },
  };
}
