/** One rule of delivery. */
export interface Rule {
  /** Where it comes from; "§" is XEP-0409 unless another document is named. */
  readonly section: string;
  /** What it says, in one line. */
  readonly summary: string;
}

/** Every rule with its source: the page that people read, the ids that logs, `tutti explain` and tests name. */
export const RULES = {
  C1: { section: '§4 ¶1', summary: 'to a bare JID: everyone; a marker there means nothing and is stripped' },
  C2: { section: '§4 ¶1', summary: 'an error to a bare JID is dropped' },
  C3: { section: '§3.3', summary: 'to a full JID with the marker: that one session' },
  C4: { section: '§4 ¶2', summary: 'an error to a full JID without the marker: everyone' },
  C5: {
    section: '§4 ¶4',
    summary: 'normal and chat to a full JID without the marker: everyone, as if sent to the bare JID',
  },
  C6: { section: '§4 ¶4', summary: 'groupchat and headline to a full JID without the marker: that one session' },
  C7: { section: 'RFC 6120 §10.3.1', summary: "no address: the sender's own bare JID" },
  A1: { section: '§4 ¶3', summary: 'everyone is archived, exactly once per account; anything else is not' },
  A2: { section: '§2', summary: 'archived whoever is online' },
  A3: { section: '§4 ¶3', summary: 'committed before anybody sees it' },
  A4: { section: '§4 ¶8', summary: 'archived, delivered and reflected copies are the same stanza' },
  A5: { section: 'XEP-0313 §3.5', summary: 'it carries a stanza-id exactly when it is archived' },
  A6: { section: '§4 ¶3', summary: 'between two local accounts: two rows, both or neither' },
  A7: { section: '§4 ¶3', summary: 'transient content is archived too, with the short retention' },
  A8: { section: 'XEP-0441 §2', summary: 'the user has asked not to archive it' },
  D1: { section: '§3.3', summary: 'every IM-NG session gets it exactly once, in archive order' },
  D2: { section: 'RFC 6121 §8.5, XEP-0280 §6.1, §7', summary: 'legacy sessions get what they would without IM-NG' },
  D3: { section: '§3.3', summary: 'only the named session; an error when it is not there' },
  D4: { section: 'RFC 6121 §8.5.1, XEP-0191 §3.3', summary: 'unknown account or blocked sender: refused, no row' },
  D5: { section: 'XEP-0160 §3', summary: 'nobody online: the archive keeps it for later, no error' },
  D6: { section: 'XEP-0045 §7.5', summary: "a room's copies of one private message are one message" },
  D7: { section: '§4', summary: "the server's own stanzas to a session are not messages received" },
  S1: { section: '§3.3', summary: "archived for the sender, reflected to all the sender's IM-NG sessions" },
  S2: { section: 'XEP-0280 §8', summary: "the sender's legacy sessions with Carbons get <sent/>" },
  S3: { section: '§4 ¶8', summary: 'the reflection is the archived stanza, addressed as it was sent' },
  S4: { section: '§4 ¶1', summary: 'groupchat to a room is forwarded only: the room reflects and archives it' },
  S5: { section: '§4 ¶3', summary: 'errors and messages for one session are forwarded only' },
  S6: { section: '§3.3', summary: 'to oneself: one row, one delivery' },
  S7: { section: '§4 ¶2', summary: 'a failure comes back as an error message, which has a class of its own' },
  S8: {
    section: 'XEP-0359 §2.2',
    summary: 'repeated after a lost connection: the same message, reflected to the repeating session',
  },
  E1: { section: '§3.1', summary: 'urn:xmpp:im-ng:0 is announced by the domain, the account and Bind 2' },
  E2: { section: '§3.2', summary: 'enable: idempotent, kept over a resumption' },
  E3: { section: '§4 ¶5', summary: 'IM-NG and Carbons exclude each other' },
  E4: { section: '§3.2', summary: 'at enable nothing falls between archive and live delivery' },
  E5: { section: '§3.2, XEP-0386 §3.2', summary: 'inline in Bind 2, with archive metadata taken at the barrier' },
  K1: { section: '§4 ¶5', summary: 'a client enables IM-NG before its presence, and never Carbons' },
  K2: { section: '§4 ¶6', summary: 'a client sends conversation to bare JIDs; the marker is for machines' },
  K3: { section: '§4 ¶7', summary: 'a client takes no marked message to its full JID for conversation' },
  K4: { section: 'XEP-0359 §6', summary: "a client takes a reflection for one only with its own account's stanza-id" },
  K5: { section: 'XEP-0313 §6.3', summary: 'a client joins archive and live messages by stanza-id into one timeline' },
  K6: { section: 'XEP-0359 §2.2', summary: 'a client repeats what got no reflection, with the same origin-id' },
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof RULES;
