import { JID } from '@tutti/xmpp';
import { defineFeature, type FeatureApi, type ServiceDesk } from '../../feature.ts';
import { sayClosing } from './closing.ts';
import { forgetUser } from './forget.ts';
import { Front } from './front.ts';
import { Ghosts } from './ghosts.ts';
import { passOn } from './pass-on.ts';
import { Rooms } from './rooms.ts';
import { roomMigrations } from './schema.ts';
import { Traffic } from './traffic.ts';

/** Rooms, at `conference.DOMAIN` of each served domain. What happens in a room is decided by pure functions; `RoomActor` does it. */
export const muc = defineFeature({
  spec: 'XEP-0045',
  version: '1.35.5',
  name: 'Multi-User Chat',
  note: 'no groupchat 1.0',
  rules: ['D6', 'S4'],
  migrations: roomMigrations,
  setup(api) {
    if (api.config.rooms.enabled) openRooms(api);
  },
});

function openRooms(api: FeatureApi): void {
  const rooms = new Rooms(api);
  const traffic = new Traffic(api.clock, () => api.config.rooms);
  const desks = new Map<string, ServiceDesk>();
  const ghosts = new Ghosts(api, rooms, (domain) => desks.get(domain));
  const front = new Front(api, rooms, traffic, ghosts);
  for (const domain of api.config.domains) {
    const desk = api.serviceDesk(`conference.${domain}`);
    desks.set(desk.domain, desk);
    front.serve(desk);
    passOn(api, rooms, traffic, desk);
  }
  ghosts.watch();
  api.on('accountRemoved', (jid) => forget(rooms, jid));
  api.on('serverStopping', () => {
    for (const room of rooms.present()) rooms.send(sayClosing(room));
  });
}

/** A removed account leaves nothing in any room. */
async function forget(rooms: Rooms, user: JID): Promise<void> {
  for (const name of await rooms.store.roomsOf(user.toString())) {
    await rooms.run(JID.parse(name), (room) => forgetUser(room, user));
  }
}

const companion = (spec: string, version: string, name: string, note?: string) =>
  defineFeature({ spec, version, name, ...(note === undefined ? {} : { note }) });

/** What rooms do beside XEP-0045. */
export const roomCompanions = [
  companion('XEP-0249', '1.2', 'Direct MUC Invitations', 'passed on like any message'),
  companion('XEP-0317', '0.3.1', 'Hats'),
  companion('XEP-0410', '1.1.0', 'MUC Self-Ping'),
  companion('XEP-0421', '1.0.1', 'Occupant identifiers'),
  companion('XEP-0424', '0.4.2', 'Message Retraction', 'tombstones in the archives of rooms'),
  companion('XEP-0425', '0.3.0', 'Moderated Message Retraction'),
  companion('XEP-0486', '0.1.0', 'MUC Avatars'),
];
