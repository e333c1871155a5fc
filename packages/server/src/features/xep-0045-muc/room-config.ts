/** What an owner may choose (XEP-0045 §10.2). */
export interface RoomConfig {
  readonly name: string;
  readonly description: string;
  readonly lang: string;
  /** The archive is kept, and open to who may enter (XEP-0313). */
  readonly logging: boolean;
  /** Participants may change the subject. */
  readonly changeSubject: boolean;
  /** Members may invite others, also into a members-only room. */
  readonly allowInvites: boolean;
  readonly allowPm: 'anyone' | 'participants' | 'moderators' | 'none';
  /** 0: as many as the service allows. */
  readonly maxUsers: number;
  /** Roles whose presence is shown to others. */
  readonly presenceBroadcast: readonly BroadcastRole[];
  /** Who may see the lists of members, admins and owners, in a room where real addresses are known. */
  readonly getMemberList: readonly BroadcastRole[];
  readonly publicRoom: boolean;
  readonly persistent: boolean;
  readonly moderated: boolean;
  readonly membersOnly: boolean;
  /** '': none. */
  readonly password: string;
  /** Who becomes a member by registering (§7.10): anybody who may speak at once, whom an admin approves, or nobody. */
  readonly registration: 'automatic' | 'approval' | 'closed';
  readonly whois: 'moderators' | 'anyone';
  readonly maxHistory: number;
  /** URI of an associated pubsub node. */
  readonly pubsub: string;
}

export type BroadcastRole = 'moderator' | 'participant' | 'visitor';

export const BROADCAST_ROLES: readonly BroadcastRole[] = ['moderator', 'participant', 'visitor'];

/** A room that nobody has configured. `history`: messages of history that the service allows. */
export function defaultConfig(history: number): RoomConfig {
  return {
    name: '',
    description: '',
    lang: '',
    logging: true,
    changeSubject: false,
    allowInvites: false,
    allowPm: 'anyone',
    maxUsers: 0,
    presenceBroadcast: BROADCAST_ROLES,
    getMemberList: BROADCAST_ROLES,
    publicRoom: true,
    persistent: false,
    moderated: false,
    membersOnly: false,
    password: '',
    registration: 'automatic',
    whois: 'moderators',
    maxHistory: history,
    pubsub: '',
  };
}
