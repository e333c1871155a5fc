import { NS } from '@tutti/xmpp';
import { defineFeature } from '../../feature.ts';

/** XEP-0334, declared: no-store shortens the retention of messages without a body (A7), no-copy keeps carbons away; done in `@tutti/routing`. */
export const hints = defineFeature({
  spec: 'XEP-0334',
  version: '1.0.0',
  name: 'Message Processing Hints',
  note: 'hints never change the class of a message; no-store is kept short, not forgotten (A7)',
  rules: ['A7'],
  disco: { domain: [NS.hints] },
});
