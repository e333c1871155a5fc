import { type Element, NS, xml } from '@tutti/xmpp';
import { type Config, defineFeature } from '../../feature.ts';

/** XEP-0157: whom to turn to, as configured, in the domain's disco#info (XEP-0128). */
export const contactAddresses = defineFeature({
  spec: 'XEP-0157',
  version: '1.1.1',
  name: 'Contact Addresses for XMPP Services',
  setup(api) {
    api.on('discoForms', () => writeForms(api.config.contact));
  },
});

/** §3: a field for each kind of address that there is; no form where there is none. */
function writeForms(contact: Config['contact']): readonly Element[] {
  const kinds = Object.entries(contact).filter(([, addresses]) => addresses.length > 0);
  if (kinds.length === 0) return [];
  const fields = kinds
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, addresses]) => {
      const values = addresses.map((address) => xml('value', null, address));
      return xml('field', { var: `${kind}-addresses`, type: 'list-multi' }, ...values);
    });
  const formType = xml('field', { var: 'FORM_TYPE', type: 'hidden' }, xml('value', null, NS.serverInfoForm));
  return [xml('x', { xmlns: NS.dataForms, type: 'result' }, formType, ...fields)];
}
