import { type DataForm, type Element, type Field, type FieldType, NS, StanzaError, writeForm } from '@tutti/xmpp';
import { pubsubError } from './errors.ts';
import type { AccessModel, NodeConfig } from './model.ts';
import { byteLength } from './node-store.ts';

/** What nodes of a service can be, and are at first. */
export interface NodeRules {
  readonly defaults: NodeConfig;
  readonly accessModels: readonly AccessModel[];
  readonly sendLast: readonly NodeConfig['sendLast'][];
  /** Bytes that one payload may have; 0: no limit. */
  readonly itemBytes: number;
  /** Items that one node may keep; 0: no limit. */
  readonly maxItems: number;
  /** Bytes of what a form says, all together; 0: no limit. */
  readonly configBytes: number;
}

interface ConfigField {
  readonly name: string;
  readonly key: keyof NodeConfig;
  readonly type: FieldType;
  readonly label: string;
  readonly options?: (rules: NodeRules) => readonly string[];
  /** Gives the value, or undefined where it is none. */
  readonly read: (values: readonly string[], rules: NodeRules) => NodeConfig[keyof NodeConfig] | undefined;
  /** What stands in the form; by default the value. */
  readonly write?: (config: NodeConfig, rules: NodeRules) => string;
}

const text = (name: string, key: keyof NodeConfig, label: string): ConfigField => ({
  name,
  key,
  label,
  type: 'text-single',
  read: (values) => (values.length > 1 ? undefined : (values[0] ?? '')),
});

const flag = (name: string, key: keyof NodeConfig, label: string): ConfigField => ({
  name,
  key,
  label,
  type: 'boolean',
  read: ([value]) =>
    value === '1' || value === 'true' ? true : value === '0' || value === 'false' ? false : undefined,
});

const choice = (name: string, key: keyof NodeConfig, label: string, options: ConfigField['options']): ConfigField => ({
  name,
  key,
  label,
  type: 'list-single',
  ...(options === undefined ? {} : { options }),
  read: ([value = ''], rules) => (options?.(rules).includes(value) === true ? value : undefined),
});

/** XEP-0060 §16.4.4: the registered fields that this server knows. */
const FIELDS: readonly ConfigField[] = [
  text('pubsub#title', 'title', 'A name for people'),
  text('pubsub#description', 'description', 'What it is about'),
  text('pubsub#language', 'language', 'The language of the items'),
  text('pubsub#type', 'payloadType', 'The namespace of the payloads'),
  choice('pubsub#access_model', 'accessModel', 'Who may subscribe and read', ({ accessModels }) => accessModels),
  {
    name: 'pubsub#roster_groups_allowed',
    key: 'rosterGroups',
    type: 'text-multi',
    label: 'Groups of the roster that have access',
    read: (values) => values,
  },
  choice('pubsub#publish_model', 'publishModel', 'Who may publish', () => ['publishers', 'subscribers', 'open']),
  {
    name: 'pubsub#max_items',
    key: 'maxItems',
    type: 'text-single',
    label: 'How many items are kept',
    read: ([value = ''], { maxItems }) => {
      if (value === 'max') return 'max';
      if (!/^\d{1,15}$/.test(value) || Number(value) === 0) return undefined;
      // As many as there can be: a client that asks for more means that.
      return maxItems > 0 && Number(value) >= maxItems ? 'max' : Number(value);
    },
  },
  {
    name: 'pubsub#item_expire',
    key: 'itemExpire',
    type: 'text-single',
    label: 'After how many seconds an item goes',
    read: ([value = '']) => {
      if (value === 'max' || value === '') return 'max';
      return /^[1-9]\d{0,11}$/.test(value) ? Number(value) : undefined;
    },
  },
  {
    name: 'pubsub#max_payload_size',
    key: 'maxPayload',
    type: 'text-single',
    label: 'How many bytes a payload may have',
    read: ([value = ''], { itemBytes }) => {
      if (value === '') return 0;
      if (!/^[1-9]\d{0,14}$/.test(value)) return undefined;
      // No node takes more than its service.
      return itemBytes > 0 && Number(value) >= itemBytes ? 0 : Number(value);
    },
    write: ({ maxPayload }, { itemBytes }) => String(maxPayload || itemBytes || ''),
  },
  flag('pubsub#persist_items', 'persistItems', 'Items are kept'),
  choice('pubsub#send_last_published_item', 'sendLast', 'When the last item is sent', ({ sendLast }) => sendLast),
  flag('pubsub#deliver_notifications', 'deliverNotifications', 'Subscribers are notified'),
  flag('pubsub#deliver_payloads', 'deliverPayloads', 'Notifications have the payload'),
  flag('pubsub#notify_config', 'notifyConfig', 'Subscribers are told of another configuration'),
  flag('pubsub#notify_delete', 'notifyDelete', 'Subscribers are told of the end of the node'),
  flag('pubsub#notify_retract', 'notifyRetract', 'Subscribers are told of every retracted item'),
  choice('pubsub#notification_type', 'notificationType', 'The type of notifications', () => ['headline', 'normal']),
  choice('pubsub#itemreply', 'itemReply', 'Whom items name as their publisher', () => ['owner', 'publisher']),
];

const BY_NAME: ReadonlyMap<string, ConfigField> = new Map(FIELDS.map((field) => [field.name, field]));

/** Fields that say what is always so: a client that repeats them means no harm. */
const FIXED: ReadonlyMap<string, string> = new Map([
  ['pubsub#node_type', 'leaf'],
  ['pubsub#collection', ''],
]);

const NO: readonly string[] = ['0', 'false'];

/** What no form here offers, and is so: a publisher that wants it gets it. */
const ALWAYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['pubsub#subscribe', ['1', 'true']],
  ['pubsub#purge_offline', NO],
  ['pubsub#tempsub', NO],
  ['pubsub#presence_based_delivery', NO],
  ['pubsub#notify_sub', NO],
  ['pubsub#publish_node_full', ['discard-oldest']],
]);

/**
 * XEP-0060 §8.2: what a submitted form changes. Fields that this server does not know are left out, as its form has none of them; throws StanzaError
 * not-acceptable for values that can't be.
 */
export function readConfig(form: DataForm, rules: NodeRules): Partial<NodeConfig> {
  const changes: Record<string, unknown> = {};
  for (const [name, values] of form.fields) {
    const fixed = FIXED.get(name);
    if (fixed !== undefined && (values[0] ?? '') !== fixed) throw unacceptable(name);
    const field = BY_NAME.get(name);
    if (field !== undefined) changes[field.key] = readField(field, values, rules);
  }
  if (rules.configBytes > 0 && byteLength(JSON.stringify(changes)) > rules.configBytes)
    throw new StanzaError('not-acceptable', { text: `The form may have ${rules.configBytes} bytes.` });
  return changes;
}

/**
 * XEP-0060 §7.1.5: the preconditions of a publication. Throws StanzaError: bad-request for another form, conflict with
 * `<precondition-not-met/>` for a field that no node has.
 */
export function readPublishOptions(form: DataForm, rules: NodeRules): Partial<NodeConfig> {
  if (form.formType !== NS.pubsubPublishOptions || form.type !== 'submit')
    throw new StanzaError('bad-request', { text: 'These are no publish-options.' });
  for (const [name, [value = '']] of form.fields) {
    const isSo = ALWAYS.get(name)?.includes(value) === true;
    if (!BY_NAME.has(name) && !FIXED.has(name) && !isSo) throw preconditionNotMet(name);
  }
  return readConfig(form, rules);
}

/** XEP-0060 §7.1.5: throws StanzaError conflict where a node is not configured as the publisher wants. */
export function checkPreconditions(wanted: Partial<NodeConfig>, config: NodeConfig): void {
  for (const { key, name } of FIELDS) {
    const value = wanted[key];
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(config[key])) throw preconditionNotMet(name);
  }
}

/** XEP-0060 §8.2.2: the form that a node is configured with. */
export function configForm(config: NodeConfig, rules: NodeRules, type: 'form' | 'result' = 'form'): Element {
  const fields = FIELDS.map((field): Field => {
    const value = config[field.key];
    const plain = typeof value === 'object' || typeof value === 'boolean' ? value : String(value);
    const written = field.write?.(config, rules) ?? plain;
    const options = type === 'form' ? field.options?.(rules) : undefined;
    const { name, label } = field;
    return { var: name, type: field.type, label, value: written, ...(options === undefined ? {} : { options }) };
  });
  return writeForm(type, NS.pubsubNodeConfig, fields);
}

/** What XEP-0060 §5.4 tells of a node from its configuration. */
export function describedFields(config: NodeConfig): readonly Field[] {
  const told: readonly (keyof NodeConfig)[] = [
    'title',
    'description',
    'language',
    'payloadType',
    'accessModel',
    'publishModel',
    'maxItems',
    'itemExpire',
  ];
  return FIELDS.filter(({ key }) => told.includes(key) && config[key] !== '').map(({ name, key, type, label }) => ({
    var: name,
    type,
    label,
    value: String(config[key]),
  }));
}

function readField(field: ConfigField, values: readonly string[], rules: NodeRules): unknown {
  const value = field.read(values, rules);
  if (value !== undefined) return value;
  if (field.key !== 'accessModel') throw unacceptable(field.name);
  // XEP-0060 §8.1.2.
  throw pubsubError('not-acceptable', 'unsupported-access-model');
}

function unacceptable(name: string): StanzaError {
  return new StanzaError('not-acceptable', { text: `That can't be the value of ${name}.` });
}

function preconditionNotMet(name: string): StanzaError {
  return pubsubError('conflict', 'precondition-not-met', `The node is not configured so: ${name}.`);
}
