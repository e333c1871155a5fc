// A bot that answers: XMPP_SERVICE=wss://chat.example/xmpp-websocket XMPP_JID=bot@chat.example XMPP_PASSWORD=… node bot.ts
import { createClient } from '@tutti/client';

const { XMPP_SERVICE: service = '', XMPP_JID: jid = '', XMPP_PASSWORD: password = '' } = process.env;
const [username = '', domain = ''] = jid.split('@');
const bot = createClient({ service, domain, username, password, history: 0 });

bot.on('message', (message, conversation) => {
  if (!message.outgoing) void conversation.send(`You said: ${message.body}`);
});
bot.on('status', (status, reason) => console.log(status, reason?.message ?? ''));
bot.on('error', (error) => console.error(error));
process.once('SIGTERM', () => void bot.stop());

await bot.start();
