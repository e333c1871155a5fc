import { requirePeer } from '../peers.ts';
import { describeCombinations } from './combinations.ts';
import { startEjabberd } from './rig/ejabberd.ts';

if (requirePeer('openssl', 'federation') && requirePeer('ejabberd', 'federation with ejabberd')) {
  describeCombinations({ name: 'ejabberd', bidi: false, start: startEjabberd });
}
