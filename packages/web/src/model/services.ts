import type { Client } from '@tutti/client';
import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';

/** What the server of the account offers beside messages. */
export interface Services {
  /** Where files are uploaded to (XEP-0363). */
  readonly upload: { readonly jid: string; readonly maxBytes: number | undefined } | undefined;
  /** Whether it tells of the account's devices, and lets go of them. */
  readonly devices: boolean;
  /** Whether users may invite others (XEP-0401). */
  readonly invitations: boolean;
}

/** Asks the server what it offers: XEP-0030. Rejects when the connection is lost. */
export async function findServices(client: Client, domain: string): Promise<Services> {
  const info = await ask(client, domain, xml('query', { xmlns: NS.discoInfo }));
  const items = await readItems(client, domain);
  const commands = await readItems(client, domain, NS.commands);
  return {
    upload: await findUpload(client, items),
    devices: readFeatures(info).has(NS.tuttiDevices),
    invitations: commands.some(({ attrs }) => attrs['node'] === `${NS.invite}#invite`),
  };
}

async function findUpload(client: Client, items: readonly Element[]): Promise<Services['upload']> {
  for (const { attrs } of items) {
    const { jid } = attrs;
    if (jid === undefined) continue;
    const info = await ask(client, jid, xml('query', { xmlns: NS.discoInfo }));
    if (!readFeatures(info).has(NS.httpUpload)) continue;
    // XEP-0363 §4.3, XEP-0128
    const fields = info?.childrenNamed('x', NS.dataForms).flatMap((form) => form.childrenNamed('field')) ?? [];
    const size = fields
      .find((field) => field.attrs['var'] === 'max-file-size')
      ?.child('value')
      ?.text();
    return { jid, maxBytes: size === undefined ? undefined : Number(size) };
  }
  return undefined;
}

/**
 * Makes an invitation that can be sent to somebody (XEP-0401 §5.1). Gives its link: where the server says that the world reaches it, else
 * where this page came from.
 */
export async function createInvitation(client: Client, domain: string, origin: string): Promise<string> {
  const command = xml('command', { xmlns: NS.commands, node: `${NS.invite}#invite`, action: 'execute' });
  const answer = await client.request(xml('iq', { type: 'set', to: domain }, command));
  const fields = answer.child('command', NS.commands)?.child('x', NS.dataForms)?.childrenNamed('field') ?? [];
  const read = (name: string): string | undefined =>
    fields
      .find((field) => field.attrs['var'] === name)
      ?.child('value')
      ?.text();
  const [landing, uri] = [read('landing-url'), read('uri')];
  if (landing !== undefined) return landing;
  if (uri === undefined) throw new StanzaError('undefined-condition');
  return `${origin}/#${uri.replace(/^xmpp:/, '')}`;
}

async function readItems(client: Client, jid: string, node?: string): Promise<readonly Element[]> {
  const items = await ask(client, jid, xml('query', { xmlns: NS.discoItems, node }));
  return items?.childrenNamed('item') ?? [];
}

/** The `<query/>` of the answer; undefined where there is none. */
async function ask(client: Client, to: string, query: Element): Promise<Element | undefined> {
  try {
    return (await client.request(xml('iq', { type: 'get', to }, query))).child('query', query.ns);
  } catch (error) {
    if (error instanceof StanzaError) return undefined;
    throw error;
  }
}

function readFeatures(info: Element | undefined): ReadonlySet<string> {
  return new Set((info?.childrenNamed('feature') ?? []).map(({ attrs }) => attrs['var'] ?? ''));
}
