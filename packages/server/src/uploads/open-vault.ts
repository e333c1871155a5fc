import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { DiskVault } from './disk-vault.ts';
import type { Vault } from './uploads.ts';

/** Opens the vault of a configuration; undefined where no files are taken. Rejects where its folder can't be had. */
export async function openVault(config: Config, current: () => Config): Promise<Vault | undefined> {
  const { http, upload, data } = config;
  if (!http.enabled || !upload.enabled) return undefined;
  if (upload.storage === 'disk') return DiskVault.open(upload.folder === '' ? join(data, 'upload') : upload.folder);
  const { S3Vault } = await import('./s3-vault.ts');
  return new S3Vault({
    endpoint: upload.s3Endpoint,
    region: upload.s3Region,
    key: upload.s3Key,
    secret: upload.s3Secret,
    get readTime() {
      return current().upload.s3ReadTime;
    },
  });
}
