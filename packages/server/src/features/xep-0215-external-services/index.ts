import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { type Config, defineFeature, type FeatureApi, type IqRequest } from '../../feature.ts';
import { hmacSha1 } from './hmac.ts';

type Service = Config['externalServices'][string];

/** What is told of a service besides where it is. */
interface Credentials {
  readonly username?: string;
  readonly password?: string;
  /** Milliseconds since 1970 UTC. */
  readonly expires?: number;
}

/** Services outside of XMPP, from the configuration, with passwords for TURN servers that expire. */
export const externalServices = defineFeature({
  spec: 'XEP-0215',
  version: '1.0.0',
  name: 'External Service Discovery',
  note: 'no pushes: the services are those of the configuration',
  disco: { domain: [NS.extdisco] },
  setup(api) {
    const route = { type: 'get', ns: NS.extdisco, target: ['domain', 'own'] } as const;
    api.iq({ ...route, name: 'services' }, async (request) => {
      await requireUser(api, request);
      const { type } = request.payload.attrs;
      const services = list(api).filter((service) => type === undefined || service.type === type);
      return xml('services', { xmlns: NS.extdisco, type }, ...services.map((service) => write(api, service, request)));
    });
    api.iq({ ...route, name: 'credentials' }, async (request) => {
      await requireUser(api, request);
      const { host, type, port } = request.payload.child('service')?.attrs ?? {};
      if (host === undefined || type === undefined) throw new StanzaError('bad-request');
      const isMeant = (service: Service): boolean =>
        service.host === host && service.type === type && (port === undefined || String(service.port) === port);
      const services = list(api).filter(isMeant);
      if (services.length === 0) throw new StanzaError('item-not-found');
      return xml('credentials', { xmlns: NS.extdisco }, ...services.map((service) => write(api, service, request)));
    });
  },
});

/** §3: others have no business with what this server's users pay for. */
async function requireUser(api: FeatureApi, { from }: IqRequest): Promise<void> {
  if (!api.isLocalDomain(from.domain) || !(await api.accounts.exists(from.bare))) throw new StanzaError('forbidden');
}

function list({ config }: FeatureApi): readonly Service[] {
  return Object.values(config.externalServices);
}

/** §3.2. */
function write(api: FeatureApi, service: Service, { from }: IqRequest): Element {
  const { type, host, port, transport, label } = service;
  const { username, password, expires } = makeCredentials(api, service, from.bare.toString());
  return xml('service', {
    type,
    host,
    port,
    transport,
    name: label === '' ? undefined : label,
    username,
    password,
    expires: expires === undefined ? undefined : new Date(expires).toISOString().replace(/\.\d+Z$/, 'Z'),
    restricted: password === undefined ? undefined : 'true',
  });
}

/**
 * "A REST API For Access To TURN Services" §2.2: the user name tells when it ends, the password is its HMAC with the secret that the TURN server has.
 * The account stands in it as a hash: who relays need not know who calls, and can still tell one from another.
 */
function makeCredentials(api: FeatureApi, service: Service, account: string): Credentials {
  if (service.secret === '') {
    return service.username === '' ? {} : { username: service.username, password: service.password };
  }
  const end = Math.floor(api.clock.now() / 1000 + service.lifetime);
  const who = hmacSha1(api, service.secret, account).slice(0, 16);
  const username = [end, service.username, who].filter((part) => part !== '').join(':');
  return { username, password: hmacSha1(api, service.secret, username), expires: end * 1000 };
}
