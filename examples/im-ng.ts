// IM-NG (XEP-0409) in 20 lines, with nothing but @xmpp/client: one message, as all devices of the account see it.
// XMPP_SERVICE=… XMPP_JID=me@chat.example XMPP_PASSWORD=… node im-ng.ts you@chat.example 'Hello'
import { client, xml } from '@xmpp/client';

const { XMPP_SERVICE: service = '', XMPP_JID: jid = '', XMPP_PASSWORD: password = '' } = process.env;
const [username = '', domain = ''] = jid.split('@');
const [to = jid, text = 'Hello'] = process.argv.slice(2);
const xmpp = client({ service, domain, username, password });

// The server shows a message to all devices when it is in the archive, and says under which id: also to the one that sent it.
xmpp.on('stanza', (stanza) => {
  const archived = stanza.getChildByAttr('by', jid);
  const body = stanza.getChildText('body');
  if (archived === undefined || body === null) return;
  console.log(`${archived.getAttr('id')}: ${stanza.getAttr('from')} says ${body}`);
  if (body === text) void xmpp.stop();
});

await xmpp.start();
await xmpp.iqCaller.set(xml('enable', 'urn:xmpp:im-ng:0'));
await xmpp.send(xml('presence'));
await xmpp.send(xml('message', { to, type: 'chat', id: crypto.randomUUID() }, xml('body', {}, text)));
