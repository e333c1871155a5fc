import { Migrator, type Kysely, type Migration } from 'kysely';
import { toStoreError } from './store-error.ts';
import { DataVersionError } from './version-error.ts';

const TABLE = 'migration';

/**
 * Runs the migrations that a database has not had, in the order of their names, all in one transaction. A newcomer may sort before what has
 * run already: features are added independently of each other. A database that has had others is from a newer version, or had a feature that
 * is gone: DataVersionError. StoreError when a migration fails.
 */
export async function migrateStore(
  db: Kysely<unknown>,
  path: string,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: TABLE,
    migrationLockTableName: `${TABLE}_lock`,
    allowUnorderedMigrations: true,
  });
  checkMigrations(await listApplied(db), migrations, path);
  const { error } = await migrator.migrateToLatest();
  if (error) throw toStoreError(error);
}

/** Throws DataVersionError when a database has had migrations that are not among the known ones. */
export function checkMigrations(
  applied: readonly string[],
  known: Readonly<Record<string, unknown>>,
  path: string,
): void {
  const unknown = applied.filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > 0) throw new DataVersionError(path, `it has had the migrations ${unknown.join(', ')}`);
}

async function listApplied(db: Kysely<unknown>): Promise<string[]> {
  const tables = db as Kysely<{ sqlite_schema: { name: string }; migration: { name: string } }>;
  const made = await tables.selectFrom('sqlite_schema').select('name').where('name', '=', TABLE).executeTakeFirst();
  if (!made) return [];
  const applied = await tables.selectFrom('migration').select('name').orderBy('name').execute();
  return applied.map(({ name }) => name);
}
