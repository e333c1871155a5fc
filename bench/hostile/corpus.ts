import { NS } from '@tutti/xmpp';

/** The header of a stream to a server for localhost. */
export const HEADER = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${NS.stream}' to='localhost' version='1.0'>`;
export const FOOTER = '</stream:stream>';

const iq = (type: string, payload: string, to = ''): string => `<iq type='${type}' id='f'${to}>${payload}</iq>`;
const form = (fields: string): string => `<x xmlns='${NS.dataForms}' type='submit'>${fields}</x>`;

/** What may come before login: all of it well-formed, some of it even right. */
export const EARLY: readonly string[] = [
  `<starttls xmlns='${NS.tls}'/>`,
  `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>`,
  `<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-256'>biwsbj1hbGljZSxyPWFiY2RlZg==</auth>`,
  `<response xmlns='${NS.sasl}'>Yz1iaXdzLHI9YWJjLHA9YWJj</response>`,
  `<abort xmlns='${NS.sasl}'/>`,
  `<authenticate xmlns='${NS.sasl2}' mechanism='SCRAM-SHA-1'><initial-response>biwsbj1hLHI9Yg==</initial-response></authenticate>`,
  iq('get', `<query xmlns='${NS.register}'/>`),
  iq('set', `<query xmlns='${NS.register}'><username>x</username><password>y</password></query>`),
  `<message to='alice@localhost'><body>too early</body></message>`,
];

/** What a session may send. The addresses are those of the fuzzer's own account and of the two who converse. */
export const LATE: readonly string[] = [
  `<message to='fuzz@localhost' type='chat' id='1'><body>Grüße &amp; &#x1F600;</body><origin-id xmlns='${NS.sid}' id='o1'/></message>`,
  `<message to='fuzz@localhost/none' type='normal'><im-ng xmlns='${NS.imNg}'/><x xmlns='urn:example:x'/></message>`,
  `<message type='headline'><body>to myself</body></message>`,
  `<message to='fuzz@localhost' type='groupchat'><composing xmlns='${NS.chatStates}'/><no-store xmlns='${NS.hints}'/></message>`,
  `<message to='nobody@localhost' type='error'><error type='cancel'><gone xmlns='${NS.stanzas}'/></error></message>`,
  `<message to='somewhere.example' xml:lang='de'><subject>s</subject><stanza-id xmlns='${NS.sid}' by='fuzz@localhost' id='0'/></message>`,
  `<presence><priority>5</priority><show>away</show><status>here</status></presence>`,
  `<presence type='unavailable'/>`,
  `<presence to='nobody@localhost' type='subscribe'/>`,
  `<presence to='fuzz@localhost/none'/>`,
  iq('get', `<ping xmlns='${NS.ping}'/>`),
  iq('get', `<query xmlns='${NS.discoInfo}' node='n'/>`, ` to='localhost'`),
  iq('get', `<query xmlns='${NS.discoItems}'/>`, ` to='localhost'`),
  iq('get', `<query xmlns='${NS.roster}' ver='7'/>`),
  iq('set', `<query xmlns='${NS.roster}'><item jid='friend@localhost' name='F'><group>g</group></item></query>`),
  iq(
    'set',
    `<query xmlns='${NS.mam}' queryid='q'>${form(`<field var='FORM_TYPE'><value>${NS.mam}</value></field><field var='start'><value>2020-01-01T00:00:00Z</value></field>`)}<set xmlns='${NS.rsm}'><max>10</max><before/></set></query>`,
  ),
  iq('get', `<query xmlns='${NS.mam}'/>`),
  iq('get', `<metadata xmlns='${NS.mam}'/>`),
  iq('set', `<prefs xmlns='${NS.mam}' default='roster'><always><jid>a@b</jid></always><never/></prefs>`),
  iq('set', `<block xmlns='${NS.blocking}'><item jid='enemy@localhost'/></block>`),
  iq('set', `<unblock xmlns='${NS.blocking}'/>`),
  iq('set', `<enable xmlns='${NS.imNg}'/>`),
  iq('set', `<enable xmlns='${NS.carbons}'/>`),
  iq('set', `<disable xmlns='${NS.carbons}'/>`),
  iq('result', ''),
  iq('get', `<query xmlns='jabber:iq:version'/>`, ` to='localhost'`),
  `<enable xmlns='${NS.sm}' resume='true'/>`,
  `<r xmlns='${NS.sm}'/>`,
  `<a xmlns='${NS.sm}' h='3'/>`,
  `<resume xmlns='${NS.sm}' previd='x' h='0'/>`,
  `<inactive xmlns='${NS.csi}'/>`,
  `<active xmlns='${NS.csi}'/>`,
];
