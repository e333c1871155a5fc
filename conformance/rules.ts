/** What the report lists: every rule of the contract that a server can be tested for, with one line each. */
export const RULES: Readonly<Record<string, string>> = {
  C1: 'to a bare JID: everyone; a marker there is ignored and stripped',
  C2: 'an error to a bare JID: dropped',
  C3: 'to a full JID with the marker: one',
  C4: 'an error to a full JID without the marker: everyone',
  C5: 'normal and chat to a full JID without the marker: everyone',
  C6: 'groupchat and headline to a full JID without the marker: one',
  C7: "no address: the sender's own bare JID",
  A1: 'everyone: exactly one row; one and nobody: none',
  A2: 'whoever is online, and for accounts without IM-NG',
  A3: 'committed before anybody sees it and before it is acknowledged',
  A4: 'archived, delivered and reflected copies are the same stanza',
  A5: 'a stanza-id exactly where there is a row',
  A6: 'between two local accounts: two rows, each copy with its own id',
  A7: 'typing notifications are archived, with a short retention',
  A8: 'the preference never: routed, not archived',
  D1: 'every IM-NG session gets it exactly once, in archive order',
  D2: 'legacy sessions get what RFC 6121 and Carbons give them',
  D3: 'one: the named session or an error, which keeps the marker',
  D4: 'unknown account or blocked sender: refused, no row',
  D5: 'no session at all: archived, no error; offline delivery is a read of the archive',
  D6: "a room's copies of one private message are one message",
  D7: "the server's own stanzas are no messages received",
  S1: "everyone: archived for the sender and reflected to all the sender's IM-NG sessions",
  S2: 'also when a legacy session sends; Carbons beside it',
  S3: 'the reflection is the archived stanza, addressed as sent',
  S4: 'groupchat: reflected and archived only when sent to an account',
  S5: 'errors and messages for one: forwarded only',
  S6: 'to oneself: one row, one delivery',
  S7: 'a failure comes back as an error with a class of its own',
  S8: 'repeated with its origin-id: the same message',
  E1: 'announced by the domain, the account, the caps hash, Bind 2',
  E2: 'enable: idempotent, kept over a resumption, refused where it does not fit',
  E3: 'IM-NG and Carbons exclude each other',
  E4: 'nothing falls between the archive and live delivery at the enable',
  E5: 'inline in Bind 2, with the archive as of the barrier',
  I1: 'what comes live is what the archive has, in its order',
  I2: 'the delivered stanza equals the archived one',
  I3: 'acknowledged or reflected is archived, also after a kill',
  I4: 'sessions change no archive',
  I5: 'one leaves no row and reaches at most one session',
  I6: 'a private message of a room is one row and one delivery per device',
  I7: 'a mixed account: at most once each, exactly once for IM-NG',
  I8: 'a slow session delays nobody and misses nothing',
};

/** Rules that only a client can obey: the client library's tests prove them. */
export const CLIENT_RULES: Readonly<Record<string, string>> = {
  K1: 'enables IM-NG before its presence, and never Carbons',
  K2: 'sends conversation to bare JIDs; the marker is for machines',
  K3: 'takes no marked message to its full JID for conversation',
  K4: "takes a reflection for one only with its own account's stanza-id",
  K5: 'joins archive and live messages by stanza-id into one timeline',
  K6: 'repeats what got no reflection, with the same origin-id',
};

/** The rule ids that a test's title begins with: `D3 S7 §3.3 …`. */
export function rulesOf(title: string): string[] {
  const ids = [];
  for (const word of title.split(' ')) {
    if (!(word in RULES)) break;
    ids.push(word);
  }
  return ids;
}
