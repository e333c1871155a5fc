import discovery from './3.1-discovery.ts';
import activation from './3.2-activation.ts';
import sending from './3.3-sending.ts';
import archive from './4-archive.ts';
import classification from './4-classification.ts';
import delivery from './4-delivery.ts';
import everyCombination from './4-every-combination.ts';
import rooms from './4-rooms.ts';
import traps from './4-traps.ts';

export default [discovery, activation, sending, classification, archive, delivery, rooms, traps, everyCombination];
