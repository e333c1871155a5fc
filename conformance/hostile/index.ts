import stanzas from './stanzas.ts';

export default [stanzas];
