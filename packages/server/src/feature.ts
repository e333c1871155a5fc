/**
 * All that a feature may see of the server. A feature is a folder under `features/` with one `defineFeature()`; it imports this file and
 * nothing else of the server. It contributes IQ handlers, hooks, storage and facts; it never decides a delivery (that is `@tutti/routing`).
 */
import type { FeatureApi } from './feature/api.ts';
import type { DiscoIdentity } from './feature/contributions.ts';
import type { Migration } from 'kysely';

export { type AccountAdmin, AccountError, type AccountErrorCode } from './accounts/admin.ts';
export type { Config } from './config/schema.ts';
export { type Clock, type Logger, type Random, randomId, type Timer } from './environment.ts';
export { backOff } from './backoff.ts';
export { BoundedMap } from './bounded-map.ts';
export { Gate } from './gate.ts';
export { Locks } from './locks.ts';
export { deliverRows, type Recipient, recipientOf } from './archive-query/delivery.ts';
export { readMetadata } from './archive-query/metadata.ts';
export { PageReader } from './archive-query/page.ts';
export { writePage } from './archive-query/page-writer.ts';
export { writeForm as writeArchiveForm } from './archive-query/form.ts';
export { type Query as ArchiveQuery, readQuery as readArchiveQuery } from './archive-query/query.ts';
export { writeFin, writeResult } from './archive-query/results.ts';
export type { AccountLog, Row } from './log/log.ts';
export {
  type FileVault,
  type UploadAttempt,
  type UploadDesk,
  type UploadedFile,
  UploadRefusal,
} from './uploads/uploads.ts';
export { AnswerTurns } from './pubsub/answer-turns.ts';
export { type PubsubEngine, createPubsub } from './pubsub/engine.ts';
export { GET_PENDING } from './pubsub/pending.ts';
export { nameFeature, PUBSUB_FEATURES } from './pubsub/features.ts';
export type { MayReceive, PubsubHost, PubsubLimits } from './pubsub/host.ts';
export type { NodeConfig, NodeRecord, PepChange, PepItem } from './pubsub/model.ts';
export type { NodeRules } from './pubsub/node-config.ts';
export { pubsubMigrations } from './pubsub/schema.ts';
export { sweepExpired } from './pubsub/sweeper.ts';
export type { WrittenMessages } from './session/written.ts';
export type { ServiceDesk, ServiceInfo, ServiceRequest } from './service-desk.ts';
export type * from './feature/api.ts';
export type * from './feature/contributions.ts';
export type * from './feature/views.ts';

export interface FeatureDefinition {
  /** `XEP-0313`, or `RFC 6121` for a part of the base. */
  readonly spec: string;
  /** Version of the specification that is implemented; undefined for RFCs. */
  readonly version?: string;
  readonly name: string;
  /** One line for the tables: what is left out, if anything. */
  readonly note?: string;
  /** Service discovery (XEP-0030): features of the domain and of an account's bare JID, identities of the domain. */
  readonly disco?: {
    readonly domain?: readonly string[];
    readonly account?: readonly string[];
    readonly identities?: readonly DiscoIdentity[];
    /** Identities of an account's bare JID. */
    readonly accountIdentities?: readonly DiscoIdentity[];
  };
  /** Rules of im-ng-rules.md that this feature serves. */
  readonly rules?: readonly string[];
  /** Kysely migrations by name; prefixed with the spec, such as `xep-0191/001-blocked`. */
  readonly migrations?: Readonly<Record<string, Migration>>;
  readonly setup?: (api: FeatureApi) => void;
}

export function defineFeature(definition: FeatureDefinition): FeatureDefinition {
  return definition;
}
