import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { openS3Vault } from '../uploads/open-vault.ts';
import type { Finding } from './checks.ts';

/** A name that no file of a user has. */
const NOBODYS = 'tutti-doctor';

/** XEP-0363: whether files can be kept, and whether clients will send any. */
export async function checkFiles(config: Config): Promise<Finding[]> {
  const { http, upload } = config;
  if (!http.enabled || !upload.enabled) return [];
  const place = upload.storage === 's3' ? await checkS3(config) : checkFolder(config);
  return [place, ...checkAddress(config)];
}

function checkFolder({ data, upload }: Config): Finding {
  const check = 'files';
  const folder = upload.folder === '' ? join(data, 'upload') : upload.folder;
  if (!existsSync(folder)) return { check, status: 'ok', message: `${folder} will be made at the first start` };
  if (!statSync(folder).isDirectory()) {
    return { check, status: 'fail', message: `${folder} is no folder; set upload.folder to another place` };
  }
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return { check, status: 'ok', message: `are kept in ${folder}` };
  } catch {
    const message = `${folder} may not be written by this user; run this as the user that runs the server, or chown it`;
    return { check, status: 'fail', message };
  }
}

/** Asks for a file that is not there: who may not, is told so. */
async function checkS3(config: Config): Promise<Finding> {
  const check = 'files';
  const { s3Endpoint: endpoint } = config.upload;
  try {
    await openS3Vault(config, () => config).measure(NOBODYS);
    return { check, status: 'ok', message: `are kept at ${endpoint}` };
  } catch (error) {
    const message = `${endpoint} cannot be used: ${(error as Error).message}; look at upload.s3_endpoint, s3_key and s3_secret`;
    return { check, status: 'fail', message };
  }
}

/** XEP-0363 §5: clients send files over HTTPS. */
function checkAddress({ domains, http }: Config): Finding[] {
  const isOfThisMachine = (domain: string): boolean =>
    isIP(domain) !== 0 || domain === 'localhost' || domain.endsWith('.localhost');
  if (http.publicUrl.startsWith('https:') || domains.every(isOfThisMachine)) return [];
  const message = 'http.public_url is no https address: most clients will send no files';
  return [{ check: 'files', status: 'warn', message }];
}
