import { requirePeer } from '../peers.ts';
import { describeCombinations } from './combinations.ts';
import { startProsody } from './rig/prosody.ts';

if (
  requirePeer('openssl', 'federation') &&
  requirePeer('prosody', 'federation with Prosody') &&
  requirePeer('lua-unbound', 'federation with Prosody')
) {
  describeCombinations({ name: 'Prosody', bidi: true, start: startProsody });
}
