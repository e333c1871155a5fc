import type { Fact, World } from '../rows/row.ts';

/** A world with a name, and what else holds in it. */
export interface NamedWorld {
  readonly name: string;
  readonly world: World;
  readonly facts: readonly Fact[];
}

const everything =
  'phone=im-ng tv=im-ng,silent tablet=im-ng,-1 laptop=legacy,carbons old=legacy away=legacy,carbons,-1 mute=legacy,carbons,silent';

/** The kinds of accounts that a message can meet: which sessions there are, and who is online at all. */
export const WORLDS: readonly NamedWorld[] = [
  { name: 'everybody mixed', world: { alice: everything, bob: everything }, facts: [] },
  { name: 'only IM-NG', world: { alice: 'phone=im-ng tv=im-ng', bob: 'phone=im-ng tv=im-ng,silent' }, facts: [] },
  {
    name: 'only legacy',
    world: { alice: 'phone=legacy laptop=legacy,carbons', bob: 'phone=legacy laptop=legacy,carbons' },
    facts: [],
  },
  {
    name: 'IM-NG to legacy',
    world: { alice: 'phone=im-ng tv=im-ng', bob: 'phone=legacy,carbons laptop=legacy,carbons' },
    facts: [],
  },
  { name: 'legacy to IM-NG', world: { alice: 'phone=legacy laptop=legacy,carbons', bob: 'phone=im-ng' }, facts: [] },
  { name: 'bob is offline', world: { alice: 'phone=im-ng laptop=legacy,carbons', bob: '' }, facts: [] },
  {
    name: 'nobody is available',
    world: {
      alice: 'phone=im-ng,silent laptop=legacy,silent',
      bob: 'phone=legacy,silent laptop=legacy,withdrawn tv=legacy,-1 tablet=im-ng,withdrawn',
    },
    facts: [],
  },
  {
    name: 'bob has lost his links',
    world: { alice: 'phone=im-ng laptop=legacy', bob: 'phone=im-ng,hibernated tv=im-ng' },
    facts: [],
  },
  {
    name: 'all of bob has lost its links',
    world: {
      alice: 'phone=im-ng laptop=legacy',
      bob: 'phone=im-ng,hibernated laptop=legacy,carbons,hibernated old=legacy,hibernated',
    },
    facts: [],
  },
  {
    name: 'bob blocks alice',
    world: { alice: 'phone=im-ng tv=im-ng laptop=legacy,carbons', bob: 'phone=im-ng laptop=legacy,carbons' },
    facts: ['bob blocks alice'],
  },
  {
    name: 'alice blocks bob',
    world: { alice: 'phone=im-ng tv=im-ng laptop=legacy,carbons', bob: 'phone=im-ng laptop=legacy,carbons' },
    facts: ['alice blocks bob'],
  },
  {
    name: 'bob never archives',
    world: { alice: 'phone=im-ng laptop=legacy,carbons', bob: 'phone=im-ng tv=im-ng laptop=legacy,carbons' },
    facts: ['bob never archives'],
  },
  {
    name: 'alice never archives',
    world: { alice: 'phone=im-ng tv=im-ng laptop=legacy,carbons', bob: 'phone=im-ng laptop=legacy' },
    facts: ['alice never archives'],
  },
];

/** RFC 6121 §5.2.2, with none and with one that nobody knows. */
export const TYPES: readonly (string | undefined)[] = [
  undefined,
  'normal',
  'chat',
  'groupchat',
  'headline',
  'error',
  'nonsense',
];
