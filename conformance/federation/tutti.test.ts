import { requirePeer } from '../peers.ts';
import { describeCombinations } from './combinations.ts';
import { Tutti } from './rig/tutti.ts';

if (requirePeer('openssl', 'federation')) {
  describeCombinations({ name: 'Tutti', bidi: true, start: (ground, domains) => Tutti.start(ground, domains) });
}
