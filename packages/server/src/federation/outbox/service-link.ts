import { JID } from '@tutti/xmpp';
import type { ServiceReceiver } from '../../feature.ts';
import { type Link, RemoteFailure } from '../remote.ts';

/**
 * A service of this server as a link: a message is settled when the service is done with it. What the service sends on account of it is on its way to
 * the log before that, so that no crash can lose it between the two.
 */
export function linkService(receive: ServiceReceiver): Link {
  return {
    send(_from, _to, stanza, settled) {
      const handling = Promise.resolve(receive(stanza, JID.parse(stanza.attrs['from'] ?? '')));
      handling.then(
        () => settled(),
        (error: unknown) => settled(new RemoteFailure('internal-server-error', false, String(error))),
      );
    },
  };
}
