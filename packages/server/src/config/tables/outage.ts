import { optionalTable, uriList } from '../keys.ts';

/** XEP-0455. */
export const outage = optionalTable('Where clients learn of an outage while this server is away (XEP-0455).', {
  addresses: uriList('The addresses of a status file, kept elsewhere: ["https://status.example.net/xmpp.json"].'),
});
