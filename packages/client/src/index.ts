/** An XMPP client with one timeline per conversation: every message exactly once, in archive order. */
export { type Client, type ClientEvents, createClient, type Status } from './client.ts';
export type { Text } from './compose.ts';
export type { Backoff } from './connection/backoff.ts';
export type { Token, TokenKeeper } from './connection/token.ts';
export type { Conversation } from './conversation.ts';
export type { Clock } from './environment.ts';
export { type TuttiCondition, TuttiError } from './errors.ts';
export type { ChatState } from './incoming.ts';
export type { ClientOptions, Limits } from './options.ts';
export type { Blocklist } from './people/blocklist.ts';
export type { People } from './people/people.ts';
export type { Availability } from './people/presence.ts';
export type { Contact, Roster } from './people/roster.ts';
export { type Registration, registerAccount } from './register.ts';
export type { Mode, Progress } from './session.ts';
export { memoryStore } from './store/memory.ts';
export type { Change, Entry, Failure, Outgoing, Snapshot, TimelineStore } from './store/store.ts';
export type { Message, MessageState } from './timeline/view.ts';
