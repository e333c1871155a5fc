import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { defineFeature, type FeatureApi, type FileVault } from '../../feature.ts';
import { uploadMigrations } from './schema.ts';
import { type Slot, Slots } from './slots.ts';
import { PURPOSES, readWish } from './wish.ts';

/** Milliseconds between two sweeps, and before the first. */
const SWEEP_MS = 600_000;
/** The path of files at the HTTP server; its routes are there. */
const PATH = '/upload';

/** Slots and the rules for them. The bytes go over the HTTP server (http/upload.ts), or to where the vault says. */
export const httpUpload = defineFeature({
  spec: 'XEP-0363',
  version: '1.2.0',
  name: 'HTTP File Upload',
  note: 'at upload.DOMAIN; purposes message, profile and ephemeral; a PUT may go on after a cut (RFC 9110 §14.5)',
  migrations: uploadMigrations,
  setup(api) {
    const { files } = api;
    if (files === undefined) return;
    const slots = new Slots(api, files);
    api.provideUploads(slots);
    api.on('accountRemoved', (jid) => slots.forget(jid));
    for (const domain of api.config.domains) serve(api, slots, files, domain);
    sweepAgain(api, slots);
  },
});

function serve(api: FeatureApi, slots: Slots, files: FileVault, domain: string): void {
  const desk = api.serviceDesk(`upload.${domain}`);
  desk.info = (_request, node) => (node === undefined ? describe(api) : undefined);
  desk.items = (_request, node) => (node === undefined ? [] : undefined);
  desk.iq('get', 'request', NS.httpUpload, async ({ payload, from, to }) => {
    if (!to.isDomain) throw new StanzaError('item-not-found');
    const wish = readWish(payload, api.config, api.clock.now());
    if (!api.isLocalDomain(from.domain) || !(await api.accounts.exists(from.bare))) {
      throw new StanzaError('forbidden', { text: 'Only users of this server upload files here.' });
    }
    const base = api.webUrl(domain);
    if (base === undefined) throw new StanzaError('service-unavailable');
    const slot = await slots.request(from.bare, wish);
    return writeSlot(slot, base, await files.signPut(slot.file, api.config.upload.slotTime));
  });
}

/** §4, §6. */
function describe({ config }: FeatureApi) {
  const { fileBytes } = config.upload;
  const field = (name: string, value: string, type?: string): Element =>
    xml('field', { var: name, type }, xml('value', null, value));
  const form = xml(
    'x',
    { xmlns: NS.dataForms, type: 'result' },
    field('FORM_TYPE', NS.httpUpload, 'hidden'),
    field('max-file-size', String(fileBytes)),
  );
  return {
    identities: [{ category: 'store', type: 'file', name: 'HTTP File Upload' }],
    features: [NS.httpUpload, ...PURPOSES.map((purpose) => `${NS.httpUploadPurpose}#${purpose}`)],
    forms: fileBytes === 0 ? [] : [form],
  };
}

/** §5: non-ASCII characters are percent-encoded; what is put elsewhere needs no header, its address is signed. */
function writeSlot({ file, secret }: Slot, base: string, elsewhere: string | undefined): Element {
  const url = `${base}${PATH}/${file.id}/${encodeURIComponent(file.name)}`;
  const header = xml('header', { name: 'Authorization' }, `Bearer ${secret}`);
  return xml(
    'slot',
    { xmlns: NS.httpUpload },
    xml('put', { url: elsewhere ?? url }, elsewhere === undefined && header),
    xml('get', { url }),
  );
}

/** What could not be removed, because the service of the files was away say, is there at the next time. */
function sweepAgain(api: FeatureApi, slots: Slots): void {
  api.clock.after(SWEEP_MS, () => {
    slots
      .sweep()
      .catch((error: unknown) => api.logger.warn({ error: String(error) }, 'expired files could not be removed'))
      .finally(() => sweepAgain(api, slots));
  });
}
