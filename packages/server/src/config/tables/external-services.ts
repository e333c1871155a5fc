import * as z from 'zod';
import { choice, duration, host, line, port, table, tableNotes } from '../keys.ts';

/** XEP-0215: one table for each service. */
export const externalServices = z
  .record(
    z.string().regex(/^[A-Za-z0-9_-]+$/),
    table(
      'A service outside of XMPP that clients are told of (XEP-0215), such as a TURN server; the name of the table is up to you.',
      {
        type: line('turn', 'What it is: "stun", "turn", "turns" or any other type that clients know.'),
        host: host('localhost', 'Its host name or IP address, as clients reach it.'),
        port: port(3478, 'Its port.'),
        transport: choice(['udp', 'tcp'], 'udp', 'How it is spoken to.'),
        label: line('', 'What people may call it.'),
        username: line('', 'A fixed user name; with `secret` a part of the made one.'),
        password: line('', 'A fixed password.', { secret: true }),
        secret: line('', 'What is shared with a TURN server, to make passwords that expire ("use-auth-secret").', {
          secret: true,
        }),
        lifetime: duration('1 day', 'How long a made password is good.'),
      },
    ),
  )
  .default({})
  .register(tableNotes, { doc: '' });
