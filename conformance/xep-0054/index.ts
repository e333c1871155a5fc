import vcard from './3-vcard.ts';

export default [vcard];
