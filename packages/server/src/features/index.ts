import type { FeatureDefinition } from '../feature.ts';
import { muc, roomCompanions } from './xep-0045-muc/index.ts';
import { rosterAndPresence } from './rfc-6121-roster-presence/index.ts';
import { commands } from './xep-0050-commands/index.ts';
import { lastActivity } from './xep-0012-last/index.ts';
import { disco } from './xep-0030-disco/index.ts';
import { caps } from './xep-0115-caps/index.ts';
import { publishSubscribe } from './xep-0060-pubsub/index.ts';
import { personalEventing } from './xep-0163-pep/index.ts';
import { pepProfiles } from './xep-0163-pep/profiles.ts';
import { avatarConversion, userAvatar, vcardAvatars, vcardTemp } from './xep-0398-avatars/index.ts';
import { bookmarks, bookmarksConversion, privateStorage } from './xep-0049-private-storage/index.ts';
import { displayedSync } from './xep-0490-mds/index.ts';
import { inBandRegistration } from './xep-0077-in-band-registration/index.ts';
import { softwareVersion } from './xep-0092-version/index.ts';
import { serviceAdministration } from './xep-0133-service-administration/index.ts';
import { components } from './xep-0114-components/index.ts';
import { contactAddresses } from './xep-0157-contact-addresses/index.ts';
import { offlineMessages } from './xep-0160-offline/index.ts';
import { blocking } from './xep-0191-blocking/index.ts';
import { streamManagement } from './xep-0198-stream-management/index.ts';
import { ping } from './xep-0199-ping/index.ts';
import { entityTime } from './xep-0202-time/index.ts';
import { externalServices } from './xep-0215-external-services/index.ts';
import { carbons } from './xep-0280-carbons/index.ts';
import { mam } from './xep-0313-mam/index.ts';
import { hints } from './xep-0334-hints/index.ts';
import { portableData } from './xep-0227-portable-data/index.ts';
import { clientState } from './xep-0352-csi/index.ts';
import { push } from './xep-0357-push/index.ts';
import { stanzaIds } from './xep-0359-stanza-ids/index.ts';
import { httpUpload } from './xep-0363-http-upload/index.ts';
import { reports } from './xep-0377-reports/index.ts';
import { invitations, preAuthRegistration, preAuthSubscription } from './xep-0401-invitations/index.ts';
import { ownDevices } from './tutti-devices/index.ts';
import { imNg } from './xep-0409-im-ng/index.ts';
import { mamPreferences } from './xep-0441-mam-preferences/index.ts';
import { serviceOutage } from './xep-0455-service-outage/index.ts';

/** Every feature of the server. The order counts where inline requests of Bind 2 do: IM-NG before Carbons (E3). */
export const features: readonly FeatureDefinition[] = [
  rosterAndPresence,
  disco,
  caps,
  personalEventing,
  publishSubscribe,
  ...pepProfiles,
  avatarConversion,
  userAvatar,
  vcardTemp,
  vcardAvatars,
  privateStorage,
  bookmarks,
  bookmarksConversion,
  displayedSync,
  imNg,
  carbons,
  mam,
  inBandRegistration,
  components,
  softwareVersion,
  contactAddresses,
  blocking,
  streamManagement,
  ping,
  entityTime,
  hints,
  stanzaIds,
  mamPreferences,
  lastActivity,
  offlineMessages,
  clientState,
  httpUpload,
  push,
  externalServices,
  reports,
  serviceOutage,
  commands,
  serviceAdministration,
  invitations,
  preAuthRegistration,
  preAuthSubscription,
  portableData,
  ownDevices,
  muc,
  ...roomCompanions,
];
