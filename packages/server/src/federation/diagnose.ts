import { type Element, NS } from '@tutti/xmpp';
import { type FederationEnvironment, makeResolver } from './environment.ts';
import { toLinkFailure } from './failure.ts';
import { listMechanisms, prepareStream, type Step } from './negotiation.ts';
import { readPolicy } from './policy.ts';
import type { Target } from './srv.ts';

/** What was found about the way to a domain. */
export interface Diagnosis {
  /** "policy", "dns", "address", "connect", "tls", "certificate", "features", "authentication", or where it failed. */
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
}

/**
 * Goes the way to a domain's server, up to where we would prove who we are, and tells every step. Nothing is sent to anybody there.
 * @param from the domain of ours that would connect; '' = as any other server would, to look at ourselves
 */
export async function diagnose(domain: string, from: string, env: FederationEnvironment): Promise<Diagnosis[]> {
  const policy = readPolicy(env.config().s2s, domain);
  if (policy.refusal !== undefined && from !== '')
    return [{ check: 'policy', status: 'fail', message: policy.refusal }];
  const found: Diagnosis[] = [];
  const targets = await findTargets(domain, from === '' ? undefined : policy.target, env, found);
  for (const [index, target] of targets.entries()) {
    const place = `${target.host} port ${target.port}`;
    const tell = (check: string, status: Diagnosis['status'], text: string): void => {
      found.push({ check, status, message: `${place}: ${text}` });
    };
    const trace = ({ name, text, isWeak }: Step): void => tell(name, isWeak === true ? 'warn' : 'ok', text);
    try {
      const route = { from, to: domain, policy };
      const { dialogue, features, isEncrypted } = await prepareStream(route, target, makeResolver(env), env, trace);
      dialogue.close();
      found.push(judgeFeatures(features, isEncrypted, place, from, env));
    } catch (error) {
      const { reason, message } = toLinkFailure(error);
      // Another target may do.
      tell(
        reason,
        index < targets.length - 1 || found.some(({ check }) => check === 'authentication') ? 'warn' : 'fail',
        message,
      );
    }
  }
  return found;
}

async function findTargets(
  domain: string,
  fixed: Target | undefined,
  env: FederationEnvironment,
  found: Diagnosis[],
): Promise<Target[]> {
  if (fixed !== undefined) {
    found.push({ check: 'dns', status: 'ok', message: `not asked: the configuration says ${describeTarget(fixed)}` });
    return [fixed];
  }
  try {
    const targets = await makeResolver(env).targets(domain);
    const isFallback = targets.length === 1 && targets[0]?.isFallback === true;
    const list = targets.map(describeTarget).join(', then ');
    const message = isFallback ? `no SRV records: ${list}, where servers without them are` : `SRV records: ${list}`;
    found.push({ check: 'dns', status: 'ok', message });
    return targets;
  } catch (error) {
    found.push({ check: 'dns', status: 'fail', message: toLinkFailure(error).message });
    return [];
  }
}

/** How we would prove who we are. */
function judgeFeatures(
  features: Element,
  isEncrypted: boolean,
  place: string,
  from: string,
  env: FederationEnvironment,
): Diagnosis {
  const check = 'authentication';
  const tell = (status: Diagnosis['status'], text: string): Diagnosis => ({
    check,
    status,
    message: `${place}: ${text}`,
  });
  const { authentication } = env.config().s2s;
  const hasDialback = features.child('dialback', NS.dialbackFeature) !== undefined;
  if (from === '') return tell('ok', hasDialback ? 'by certificate or dialback' : 'by certificate only');
  const isExternal = isEncrypted && listMechanisms(features).includes('EXTERNAL');
  if (isExternal && authentication.includes('external'))
    return tell('ok', `by certificate (SASL EXTERNAL): it accepts that of ${from}`);
  if (!authentication.includes('dialback'))
    return tell('fail', 'it does not accept our certificate, and dialback is switched off here');
  if (isEncrypted && !hasDialback)
    return tell('fail', 'it does not accept our certificate, and does not offer dialback');
  return tell('ok', `by dialback: it will call back, so it must be able to reach the server of ${from}`);
}

function describeTarget({ host, port, directTls }: Target): string {
  return `${host} port ${port} (${directTls ? 'direct TLS' : 'STARTTLS'})`;
}
