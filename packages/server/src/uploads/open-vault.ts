import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { DiskVault } from './disk-vault.ts';
import { S3Vault } from './s3-vault.ts';
import type { RemoteVault, Vault } from './uploads.ts';

/** Opens the vault of a configuration; undefined where no files are taken. Rejects where its folder can't be had. */
export async function openVault(config: Config, current: () => Config): Promise<Vault | undefined> {
  const { http, upload, data } = config;
  if (!http.enabled || !upload.enabled) return undefined;
  if (upload.storage === 'disk') return DiskVault.open(upload.folder === '' ? join(data, 'upload') : upload.folder);
  return openS3Vault(config, current);
}

/** The vault of an S3 service, whatever the configuration says of others. */
export function openS3Vault({ upload }: Config, current: () => Config): RemoteVault {
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
