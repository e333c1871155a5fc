import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import type { Identity, StreamSession } from '../host.ts';
import type { StreamCore } from '../phase.ts';
import type { Sasl2Request } from './sasl2-request.ts';

/** What came of the inline requests of a login. */
export interface Opened {
  /** Children of `<success/>`, in order. */
  readonly answers: readonly Element[];
  readonly session?: StreamSession;
  /** Set after a resumption; to be called once everything is written. */
  readonly start?: () => void;
}

/** Resumes or binds what `<authenticate/>` asked for. XEP-0198 §9.2: resumption first, and if it succeeds no binding. */
export async function openInline(core: StreamCore, identity: Identity, request: Sasl2Request): Promise<Opened> {
  const { host } = core.options;
  if (request.resume === undefined) return bindInline(core, identity, request.bind);
  const resumption = await host.resume(identity, request.resume, core.connection);
  if (resumption.session !== undefined) {
    return { answers: [resumption.answer], session: resumption.session, start: resumption.start };
  }
  const bound = await bindInline(core, identity, request.bind);
  return { ...bound, answers: [resumption.answer, ...bound.answers] };
}

/** XEP-0386 §3.2. When binding fails the login still stands: the client is told why and may bind by RFC 6120. */
async function bindInline(core: StreamCore, identity: Identity, bind: Element | undefined): Promise<Opened> {
  if (bind === undefined) return { answers: [] };
  const tag = bind.child('tag')?.text();
  const request = tag === undefined || tag === '' ? { inline: bind } : { tag, inline: bind };
  try {
    const { session, inline } = await core.options.host.bind(identity, request, core.connection);
    return { answers: [xml('bound', { xmlns: NS.bind2 }, ...inline)], session };
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    return { answers: [xml('failed', { xmlns: NS.bind2 }, error.toElement())] };
  }
}
