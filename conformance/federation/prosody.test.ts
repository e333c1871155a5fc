import { requirePeer } from '../peers.ts';
import { describeCombinations } from './combinations.ts';
import { startProsody } from './rig/prosody.ts';

const needs = ['openssl', 'prosody', 'lua-unbound'] as const;
const isThere = needs.every((peer) => requirePeer(peer, 'federation with Prosody'));
describeCombinations({ name: 'Prosody', isThere, bidi: true, start: startProsody });
