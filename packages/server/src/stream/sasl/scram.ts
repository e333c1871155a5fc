import { type JID, SaslError } from '@tutti/xmpp';
import { randomId } from '../../environment.ts';
import type { BindingType } from './channel-binding.ts';
import type { ScramKeys } from './credentials.ts';
import { digest, equalSecrets, type HashName, hmac, xorBytes } from './crypto.ts';
import type { Mechanism, MechanismContext, Step } from './mechanism.ts';
import { hashOffer } from './offer.ts';
import { type BindingFlag, type ClientFirst, readClientFinal, readClientFirst } from './scram-message.ts';
import { checkAuthzid, encodeBase64, findAccount } from './text.ts';
import { chooseKeys, nameForUnknown } from './unknown.ts';

/** What is remembered between the client's two messages. */
interface Pending {
  readonly first: ClientFirst;
  readonly serverFirst: string;
  readonly nonce: string;
  readonly account: JID | undefined;
  readonly keys: ScramKeys;
  readonly real: boolean;
}

/** Length of our part of the nonce: 144 random bits. */
const NONCE_LENGTH = 24;

/** SCRAM-SHA-1, -256, -512 and their -PLUS: RFC 5802, RFC 7677; with the hash of XEP-0474. */
export class Scram implements Mechanism {
  readonly #hash: HashName;
  readonly #plus: boolean;
  readonly #context: MechanismContext;
  #pending: Pending | undefined;

  constructor(hash: HashName, plus: boolean, context: MechanismContext) {
    this.#hash = hash;
    this.#plus = plus;
    this.#context = context;
  }

  async step(message: Uint8Array): Promise<Step> {
    const pending = this.#pending;
    return pending === undefined ? this.#answerFirst(readClientFirst(message)) : this.#answerFinal(pending, message);
  }

  async #answerFirst(first: ClientFirst): Promise<Step> {
    const { domain, random, secret, iterations, offer } = this.#context;
    this.#checkFlag(first.flag);
    const account = findAccount(first.name, domain);
    checkAuthzid(first.authzid, account);
    const credentials = await this.#context.findCredentials(account, this.#hash);
    const name = nameForUnknown(account, first.name);
    const { keys, real } = chooseKeys(credentials, this.#hash, name, iterations, secret);
    const nonce = first.nonce + randomId(random, NONCE_LENGTH);
    const salt = encodeBase64(keys.salt);
    // XEP-0474 §5.1: the last attribute tells what was offered
    const serverFirst = `r=${nonce},s=${salt},i=${keys.iterations},h=${hashOffer(this.#hash, offer)}`;
    this.#pending = { first, serverFirst, nonce, account, keys, real };
    return { kind: 'challenge', data: Buffer.from(serverFirst) };
  }

  #answerFinal(pending: Pending, message: Uint8Array): Step {
    const final = readClientFinal(message);
    const { first, serverFirst, keys, account, real } = pending;
    const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`;
    const signature = hmac(this.#hash, keys.storedKey, authMessage);
    // All is computed and compared before anything is decided: the time must not tell what was wrong
    const clientKey = xorBytes(signature, final.proof);
    const proven = equalSecrets(digest(this.#hash, clientKey), keys.storedKey);
    const bound = equalSecrets(final.binding, this.#expectBinding(first));
    const fresh = final.nonce === pending.nonce && final.proof.length === signature.length;
    if (!proven || !bound || !fresh || !real || account === undefined) throw new SaslError('not-authorized');
    const verifier = hmac(this.#hash, keys.serverKey, authMessage);
    return { kind: 'success', account, data: Buffer.from(`v=${encodeBase64(verifier)}`) };
  }

  /** RFC 5802 §6: the flag must fit the mechanism and what we offered. */
  #checkFlag(flag: BindingFlag): void {
    const { offer } = this.#context;
    if (flag.kind === 'p') {
      if (!this.#plus) throw new SaslError('malformed-request', 'Channel binding needs a -PLUS mechanism');
      if (!offer.bindingData.has(flag.type as BindingType)) {
        throw new SaslError('malformed-request', 'The channel binding type is not supported');
      }
    } else if (this.#plus) {
      throw new SaslError('malformed-request', 'A -PLUS mechanism needs channel binding');
    } else if (flag.kind === 'y' && offer.bindings.length > 0) {
      // The client did not see the -PLUS mechanisms that we sent: somebody between us has removed them
      throw new SaslError('not-authorized', 'This server does support channel binding');
    }
  }

  /** RFC 5802 §7, cbind-input: the GS2 header, then the data of the binding. */
  #expectBinding({ flag, gs2Header }: ClientFirst): Uint8Array {
    const data = flag.kind === 'p' ? this.#context.offer.bindingData.get(flag.type as BindingType) : undefined;
    return Buffer.concat([Buffer.from(gs2Header), data ?? new Uint8Array(0)]);
  }
}
