import streams from './4-streams.ts';
import startTls from './5-starttls.ts';
import sasl from './6-sasl.ts';
import resourceBinding from './7-resource-binding.ts';
import stanzas from './8-10-stanzas.ts';

export default [streams, startTls, sasl, resourceBinding, stanzas];
