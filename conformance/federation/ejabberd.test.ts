import { requirePeer } from '../peers.ts';
import { describeCombinations } from './combinations.ts';
import { startEjabberd } from './rig/ejabberd.ts';

const needs = ['openssl', 'ejabberd'] as const;
const isThere = needs.every((peer) => requirePeer(peer, 'federation with ejabberd'));
describeCombinations({ name: 'ejabberd', isThere, bidi: false, start: startEjabberd });
