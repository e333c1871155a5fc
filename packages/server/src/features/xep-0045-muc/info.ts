import { NS, writeForm } from '@tutti/xmpp';
import type { ServiceInfo } from '../../feature.ts';
import { ownersOf, type Room } from './room.ts';

/** XEP-0424 §4: messages that were taken back are replaced in the archive. */
const TOMBSTONES = `${NS.messageRetract}#tombstone`;

const ROOM_FEATURES: readonly string[] = [
  NS.muc,
  NS.mucStableId, // XEP-0045 §7.4
  NS.mucRequest,
  NS.mucRegister,
  NS.register,
  NS.rsm,
  NS.ping,
  NS.mucSelfPing,
  NS.occupantId,
  NS.messageModerate,
  NS.messageRetract,
  TOMBSTONES,
  NS.hats,
  NS.commands,
  NS.vcardTemp,
  NS.sid,
];

/** XEP-0045 §6.2, XEP-0486 §4.1: what the service says of itself. */
export const SERVICE_INFO: ServiceInfo = {
  identities: [{ category: 'conference', type: 'text', name: 'Rooms' }],
  features: [NS.muc, NS.mucStableId, NS.occupantId, NS.ping, NS.vcardTemp],
};

/** XEP-0045 §6.4: what a room says of itself. Who can't enter learns its name and kind all the same: it needs them to ask for membership. */
export function writeRoomInfo(room: Room, hatsHash: string | undefined): ServiceInfo {
  const { config } = room;
  const kinds = [
    config.password === '' ? 'muc_unsecured' : 'muc_passwordprotected',
    config.publicRoom ? 'muc_public' : 'muc_hidden',
    config.persistent ? 'muc_persistent' : 'muc_temporary',
    config.membersOnly ? 'muc_membersonly' : 'muc_open',
    config.moderated ? 'muc_moderated' : 'muc_unmoderated',
    config.whois === 'anyone' ? 'muc_nonanonymous' : 'muc_semianonymous',
  ];
  const archive = config.logging ? [NS.mam, NS.mamExtended] : [];
  // Whoever can't come in learns nothing of what goes on.
  const isOpen = !config.membersOnly && config.password === '';
  const form = writeForm('result', 'http://jabber.org/protocol/muc#roominfo', [
    { var: 'muc#roominfo_description', type: 'text-single', label: 'Description', value: config.description },
    {
      var: 'muc#roominfo_contactjid',
      type: 'jid-multi',
      label: 'Owners',
      value: config.whois === 'anyone' ? ownersOf(room) : [],
    },
    {
      var: 'muc#roominfo_subject',
      type: 'text-single',
      label: 'Subject',
      value: isOpen ? (room.subject?.text ?? '') : '',
    },
    {
      var: 'muc#roominfo_subjectmod',
      type: 'boolean',
      label: 'Participants may change the subject',
      value: config.changeSubject,
    },
    {
      var: 'muc#roomconfig_changesubject',
      type: 'boolean',
      label: 'Participants may change the subject',
      value: config.changeSubject,
    },
    { var: 'muc#roominfo_occupants', type: 'text-single', label: 'Occupants', value: room.occupants.size },
    { var: 'muc#roominfo_lang', type: 'text-single', label: 'Language', value: config.lang },
    {
      var: 'muc#maxhistoryfetch',
      type: 'text-single',
      label: 'Messages of history, at most',
      value: config.maxHistory,
    },
    { var: 'muc#roomconfig_pubsub', type: 'text-single', label: 'Associated pubsub node', value: config.pubsub },
    // XEP-0486 §4.3; not there where there is none.
    ...(room.avatar === undefined
      ? []
      : ([{ var: 'muc#roominfo_avatarhash', type: 'text-multi', label: 'Avatar hash', value: room.avatar }] as const)),
    // XEP-0317 §2.
    ...(hatsHash === undefined
      ? []
      : [{ var: 'hats#hash', type: 'text-single', label: 'Hats hash', value: hatsHash } as const]),
  ]);
  return {
    identities: [{ category: 'conference', type: 'text', name: config.name === '' ? room.jid.local : config.name }],
    features: [...ROOM_FEATURES, ...kinds, ...archive],
    forms: [form],
  };
}
