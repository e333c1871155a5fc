import { NS, xml } from '@tutti/xmpp';
import { Device } from '../client/device.ts';
import type { Account } from '../client/login.ts';
import { offeredMechanisms, openStream } from '../client/login.ts';
import type { Address } from '../client/transport.ts';
import { findService } from '../services.ts';
import type { Need } from '../suite.ts';
import { freshLocalpart, register, type Target } from '../target.ts';

/** Where somebody else's server is, and which accounts it has for us. */
export interface ForeignOptions {
  readonly domain: string;
  readonly tcp: Address | undefined;
  readonly ws: Address | undefined;
  readonly bosh?: Address | undefined;
  /** Used one after the other; where there are none left, accounts are registered in band. */
  readonly accounts: readonly Account[];
  /** How long it may take to do what a fence does not wait for, in milliseconds. */
  readonly grace: number;
}

/** Asks a server what it offers, and makes a target of it. */
export async function probeForeign(options: ForeignOptions): Promise<Target> {
  const unused = [...options.accounts];
  const { domain, tcp, ws, bosh } = options;
  const addresses = { tcp, ws, bosh };
  const any = tcp ?? ws ?? bosh;
  if (any === undefined) throw new Error('neither a TCP, nor a WebSocket, nor a BOSH address');
  const nextAccount = async (name: string): Promise<Account> => {
    const next = unused.shift();
    if (next !== undefined) return next;
    if (options.accounts.length > 0) throw new OutOfAccounts(options.accounts.length);
    return register(any, `${freshLocalpart(name)}@${domain}`, 'secret');
  };
  const offers = await probe(any, await nextAccount('probe'));
  return {
    name: domain,
    domain,
    transports: (['tcp', 'ws', 'bosh'] as const).filter((transport) => addresses[transport] !== undefined),
    address(transport) {
      const address = addresses[transport];
      if (address === undefined) throw new Error(`no address for ${transport}`);
      return address;
    },
    account: nextAccount,
    offers,
    grace: () => new Promise((resolve) => setTimeout(resolve, options.grace)),
    stop: () => Promise.resolve(),
  };
}

/** The tests need more accounts than the file has. */
class OutOfAccounts extends Error {
  override readonly name = 'OutOfAccounts';

  constructor(count: number) {
    super(`all ${count} accounts are used: every test takes fresh ones`);
  }
}

async function probe(address: Address, account: Account): Promise<Set<Need>> {
  const { wire, features } = await openStream(address);
  await wire.close();
  const device = await Device.connect('probe', address, account);
  try {
    const vars = new Set<string>();
    for (const to of [device.domain, device.bare]) {
      const query = (await device.disco(to)).child('query', NS.discoInfo);
      for (const feature of query?.childrenNamed('feature') ?? []) vars.add(feature.attrs['var'] ?? '');
    }
    const inStream = (name: string, ns: string) => device.features.child(name, ns) !== undefined;
    const authentication = features.child('authentication', NS.sasl2);
    const offered: Readonly<Record<Exclude<Need, `mechanism ${string}`>, boolean>> = {
      'im-ng': vars.has(NS.imNg),
      carbons: vars.has(NS.carbons),
      'carbons-rules': vars.has(NS.carbonsRules),
      mam: vars.has(NS.mam),
      'mam-extended': vars.has(NS.mamExtended),
      'mam-groupchat': vars.has(NS.mamGroupchatField),
      'mam-prefs': (await device.iq('get', xml('prefs', { xmlns: NS.mam }))).attrs['type'] === 'result',
      sm: inStream('sm', NS.sm),
      csi: inStream('csi', NS.csi),
      upload: (await findService(device, NS.httpUpload)) !== undefined,
      push: vars.has(NS.push),
      'stream-limits': inStream('limits', NS.streamLimits),
      'external-services': vars.has(NS.extdisco),
      blocking: vars.has(NS.blocking),
      register: features.child('register', NS.registerFeature) !== undefined,
      sasl2: authentication !== undefined,
      fast: authentication?.child('inline')?.child('fast', NS.fast) !== undefined,
      'pre-approval': inStream('sub', NS.preApproval),
      'roster-versioning': inStream('ver', NS.rosterVersioning),
      caps: inStream('c', NS.caps),
      starttls: address.tls === 'starttls',
      pep: vars.has(`${NS.pubsub}#publish-options`),
      'pep-complete': vars.has(`${NS.pubsub}#access-authorize`),
      // Some let only administrators make nodes.
      pubsub:
        (await device.iq('set', xml('pubsub', { xmlns: NS.pubsub }, xml('create')), `pubsub.${device.domain}`)).attrs[
          'type'
        ] === 'result',
      'pubsub-complete': false,
      'private-xml': vars.has(NS.privateXml),
      vcard: vars.has(NS.vcardTemp),
      'avatar-conversion': vars.has(NS.pepVcardConversion),
      'bookmarks-compat': vars.has(`${NS.bookmarks}#compat`),
      'mds-assist': vars.has(NS.displayedServerAssist),
      'direct-tls': false,
      muc:
        (await device.iq('get', xml('query', { xmlns: NS.discoInfo }), `conference.${device.domain}`)).attrs['type'] ===
        'result',
      'muc-complete': false,
      restart: false,
    };
    const mechanisms = offeredMechanisms(features).map((name): Need => `mechanism ${name}`);
    return new Set([
      ...(Object.keys(offered) as (keyof typeof offered)[]).filter((need) => offered[need]),
      ...mechanisms,
    ]);
  } finally {
    await device.close();
  }
}
