import type { FeatureDefinition } from '../feature.ts';
import { rosterAndPresence } from './rfc-6121-roster-presence/index.ts';
import { carbons } from './xep-0280-carbons/index.ts';
import { mam } from './xep-0313-mam/index.ts';
import { imNg } from './xep-0409-im-ng/index.ts';

/** Every feature of the server. The order counts where inline requests of Bind 2 do: IM-NG before Carbons (E3). */
export const features: readonly FeatureDefinition[] = [rosterAndPresence, imNg, carbons, mam];
