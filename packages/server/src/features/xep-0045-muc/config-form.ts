import {
  type DataForm,
  type Element,
  type Field,
  JID,
  NS,
  readBoolean,
  readSingle,
  StanzaError,
  writeForm,
} from '@tutti/xmpp';
import { BROADCAST_ROLES, type BroadcastRole, type RoomConfig } from './room-config.ts';
import type { Room } from './room.ts';

const PM: readonly string[] = ['anyone', 'participants', 'moderators', 'none'] satisfies RoomConfig['allowPm'][];
const REGISTRATION: readonly string[] = ['automatic', 'approval', 'closed'] satisfies RoomConfig['registration'][];
/** XEP-0068 §3.4: ours, in a form that is not. */
const REGISTRATION_FIELD = `{${NS.tuttiMuc}}registration`;
const WHOIS: readonly string[] = ['moderators', 'anyone'] satisfies RoomConfig['whois'][];

/** Bounds that the service sets to what an owner may choose. */
export interface ConfigBounds {
  /** Messages of history. */
  readonly history: number;
  /** Occupants; 0: no limit. */
  readonly occupants: number;
  /** Bytes of a text; 0: no limit. */
  readonly textBytes: number;
}

/** What an owner has chosen; admins and owners only where the form has those fields. */
export interface Chosen {
  readonly config: RoomConfig;
  readonly admins: readonly JID[] | undefined;
  readonly owners: readonly JID[] | undefined;
}

/** XEP-0045 §10.2: the form as it is to be filled in. */
export function writeConfigForm(room: Room, bounds: ConfigBounds): Element {
  const { config } = room;
  const listed = (affiliation: string): string[] =>
    [...room.people].filter(([, person]) => person.affiliation === affiliation).map(([jid]) => jid);
  const fields: Field[] = [
    { var: field('roomname'), type: 'text-single', label: 'Name of the room', value: config.name },
    { var: field('roomdesc'), type: 'text-single', label: 'Description', value: config.description },
    { var: field('lang'), type: 'text-single', label: 'Language of the discussion', value: config.lang },
    { var: field('enablelogging'), type: 'boolean', label: 'Keep an archive of what is said', value: config.logging },
    {
      var: field('changesubject'),
      type: 'boolean',
      label: 'Let participants change the subject',
      value: config.changeSubject,
    },
    { var: field('allowinvites'), type: 'boolean', label: 'Let members invite others', value: config.allowInvites },
    {
      var: field('allowpm'),
      type: 'list-single',
      label: 'Who may send private messages',
      value: config.allowPm,
      options: [
        ['anyone', 'Anyone'],
        ['participants', 'Anyone with voice'],
        ['moderators', 'Moderators only'],
        ['none', 'Nobody'],
      ],
    },
    {
      var: field('maxusers'),
      type: 'list-single',
      label: 'How many may be in the room',
      value: config.maxUsers === 0 ? 'none' : config.maxUsers,
      options: maxUsersOptions(config.maxUsers, bounds.occupants),
    },
    {
      var: field('presencebroadcast'),
      type: 'list-multi',
      label: 'Roles whose presence is shown',
      value: config.presenceBroadcast,
      options: BROADCAST_ROLES,
    },
    {
      var: field('getmemberlist'),
      type: 'list-multi',
      label: 'Roles that may see the member list',
      value: config.getMemberList,
      options: BROADCAST_ROLES,
    },
    { var: field('publicroom'), type: 'boolean', label: 'List the room', value: config.publicRoom },
    {
      var: field('persistentroom'),
      type: 'boolean',
      label: 'Keep the room when everybody has left',
      value: config.persistent,
    },
    { var: field('moderatedroom'), type: 'boolean', label: 'Only those with voice may speak', value: config.moderated },
    { var: field('membersonly'), type: 'boolean', label: 'Only members may enter', value: config.membersOnly },
    {
      var: field('passwordprotectedroom'),
      type: 'boolean',
      label: 'A password is required to enter',
      value: config.password !== '',
    },
    { var: field('roomsecret'), type: 'text-private', label: 'The password', value: config.password },
    {
      var: field('whois'),
      type: 'list-single',
      label: 'Who may see real addresses',
      value: config.whois,
      options: [
        ['moderators', 'Moderators only'],
        ['anyone', 'Anyone'],
      ],
    },
    {
      var: REGISTRATION_FIELD,
      type: 'list-single',
      label: 'Who becomes a member by registering',
      value: config.registration,
      options: [
        ['automatic', 'Anybody, where anybody may enter and speak'],
        ['approval', 'Whom an admin approves'],
        ['closed', 'Nobody'],
      ],
    },
    {
      var: 'muc#maxhistoryfetch',
      type: 'text-single',
      label: 'Messages of history at entry, at most',
      value: config.maxHistory,
    },
    { var: field('pubsub'), type: 'text-single', label: 'URI of an associated pubsub node', value: config.pubsub },
    { var: field('roomadmins'), type: 'jid-multi', label: 'Admins', value: listed('admin') },
    { var: field('roomowners'), type: 'jid-multi', label: 'Owners', value: listed('owner') },
  ];
  return writeForm('form', NS.mucRoomConfig, fields, { title: `Configuration of ${room.jid.toString()}` });
}

/** XEP-0045 §10.1.3: reads the form; what is left out stays. Throws StanzaError, `not-acceptable` for what can't be. */
export function readConfigForm(form: DataForm, config: RoomConfig, bounds: ConfigBounds): Chosen {
  const text = (name: string, old: string): string => {
    const value = form.fields.get(field(name))?.join('\n') ?? old;
    if (bounds.textBytes > 0 && new TextEncoder().encode(value).length > bounds.textBytes)
      throw unacceptable(name, 'is too long');
    return value;
  };
  const flag = (name: string, old: boolean): boolean => readBoolean(form, field(name)) ?? old;
  const choice = <T extends string>(name: string, among: readonly string[], old: T): T => {
    const value = readSingle(form, name.startsWith('{') ? name : field(name)) ?? old;
    if (!among.includes(value)) throw unacceptable(name, `is one of ${among.join(', ')}`);
    return value as T;
  };
  const roles = (name: string, old: readonly BroadcastRole[]): readonly BroadcastRole[] => {
    const values = form.fields.get(field(name));
    if (values === undefined) return old;
    return BROADCAST_ROLES.filter((role) => values.includes(role));
  };
  const secret = text('roomsecret', config.password);
  const isProtected = readBoolean(form, field('passwordprotectedroom')) ?? secret !== '';
  if (isProtected && secret === '') throw unacceptable('roomsecret', 'is needed for a room with a password');
  return {
    config: {
      name: text('roomname', config.name),
      description: text('roomdesc', config.description),
      lang: text('lang', config.lang),
      logging: flag('enablelogging', config.logging),
      changeSubject: flag('changesubject', config.changeSubject),
      allowInvites: flag('allowinvites', config.allowInvites),
      allowPm: choice('allowpm', PM, config.allowPm),
      maxUsers: readMaxUsers(form, config.maxUsers),
      presenceBroadcast: roles('presencebroadcast', config.presenceBroadcast),
      getMemberList: roles('getmemberlist', config.getMemberList),
      publicRoom: flag('publicroom', config.publicRoom),
      persistent: flag('persistentroom', config.persistent),
      moderated: flag('moderatedroom', config.moderated),
      membersOnly: flag('membersonly', config.membersOnly),
      password: isProtected ? secret : '',
      registration: choice(REGISTRATION_FIELD, REGISTRATION, config.registration),
      whois: choice('whois', WHOIS, config.whois),
      maxHistory: readHistory(form, config.maxHistory, bounds.history),
      pubsub: text('pubsub', config.pubsub),
    },
    admins: readUsers(form, 'roomadmins'),
    owners: readUsers(form, 'roomowners'),
  };
}

function field(name: string): string {
  return `muc#roomconfig_${name}`;
}

function maxUsersOptions(current: number, most: number): string[] {
  const sizes = new Set([10, 20, 30, 50, 100, 200, 500, 1000, ...(current === 0 ? [] : [current])]);
  return [
    ...[...sizes]
      .filter((size) => most === 0 || size <= most)
      .toSorted((a, b) => a - b)
      .map(String),
    'none',
  ];
}

function readMaxUsers(form: DataForm, old: number): number {
  const value = readSingle(form, field('maxusers'));
  if (value === undefined) return old;
  if (value === 'none' || value === '') return 0;
  if (!/^[1-9]\d{0,8}$/.test(value)) throw unacceptable('maxusers', 'is a number or none');
  return Number(value);
}

function readHistory(form: DataForm, old: number, most: number): number {
  const value = readSingle(form, 'muc#maxhistoryfetch');
  if (value === undefined || value === '') return old;
  if (!/^\d{1,9}$/.test(value)) throw unacceptable('maxhistoryfetch', 'is a number');
  return Math.min(Number(value), most);
}

function readUsers(form: DataForm, name: string): readonly JID[] | undefined {
  return form.fields
    .get(field(name))
    ?.filter((value) => value.trim() !== '')
    .map((value) => {
      const jid = JID.tryParse(value.trim());
      if (jid === undefined) throw new StanzaError('jid-malformed', { text: `${value} is no address.` });
      return jid.bare;
    });
}

function unacceptable(name: string, what: string): StanzaError {
  return new StanzaError('not-acceptable', { text: `'${name}' ${what}.` });
}
