/** The file behind `tutti explain --world`: TOML, or JSON with the same keys. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { JID } from '@tutti/xmpp';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { CliError, EXIT } from './exit.ts';
import { type ExplainAccount, type ExplainWorld, parseDevice } from './explain-world.ts';

const account = z.strictObject({
  sessions: z.record(z.string(), z.string()).default({}),
  archive: z.enum(['always', 'never']).default('always'),
  blocks: z.array(z.string()).default([]),
});

const file = z.strictObject({
  accounts: z.record(z.string(), account),
  services: z.array(z.string()).default([]),
  policy: z.enum(['everything', 'content']).default('everything'),
  room_copy: z.boolean().default(false),
});

/** Reads a world; throws CliError with the file and what is wrong in it. */
export function readWorldFile(path: string, cwd: string): ExplainWorld {
  const fail = (what: string): CliError => new CliError(`${path}: ${what}`, EXIT.usage);
  const result = file.safeParse(readData(path, cwd, fail));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw fail(`${issue?.path.join('.') || 'the whole file'}: ${issue?.message ?? 'not understood'}`);
  }
  const { accounts, services, policy, room_copy: roomCopy } = result.data;
  const known = new Map<string, ExplainAccount>();
  for (const [name, { sessions, archive, blocks }] of Object.entries(accounts)) {
    const jid = JID.tryParse(name);
    if (jid === undefined || !jid.isBare || jid.local === '') throw fail(`"${name}" is not an account's address`);
    const devices = Object.entries(sessions).map(([resource, options]) => parseDevice(resource, options));
    known.set(jid.toString(), { sessions: devices, archive, blocks });
  }
  if (known.size === 0) throw fail('there is no account in it');
  return { accounts: known, services, policy, roomCopy };
}

function readData(path: string, cwd: string, fail: (what: string) => CliError): unknown {
  let text: string;
  try {
    text = readFileSync(resolve(cwd, path), 'utf8');
  } catch {
    throw fail('cannot be read');
  }
  try {
    return path.endsWith('.json') ? JSON.parse(text) : parse(text);
  } catch (error) {
    throw fail((error as Error).message.split('\n')[0] ?? 'not understood');
  }
}
