import hostile from './hostile/index.ts';
import rfc6120 from './rfc6120/index.ts';
import rfc6121 from './rfc6121/index.ts';
import rfc7395 from './rfc7395/index.ts';
import type { Section } from './suite.ts';
import disco from './xep-0030/index.ts';
import rooms from './xep-0045/index.ts';
import registration from './xep-0077/index.ts';
import userAvatars from './xep-0084/index.ts';
import blocking from './xep-0191/index.ts';
import streamManagement from './xep-0198/index.ts';
import xmppOverBosh from './xep-0206/index.ts';
import externalServices from './xep-0215/index.ts';
import carbons from './xep-0280/index.ts';
import mam from './xep-0313/index.ts';
import clientState from './xep-0352/index.ts';
import push from './xep-0357/index.ts';
import upload from './xep-0363/index.ts';
import sasl2 from './xep-0388/index.ts';
import imNg from './xep-0409/index.ts';
import streamLimits from './xep-0478/index.ts';
import preferences from './xep-0441/index.ts';
import directInvitations from './xep-0249/index.ts';
import hats from './xep-0317/index.ts';
import selfPing from './xep-0410/index.ts';
import occupantIds from './xep-0421/index.ts';
import retraction from './xep-0424/index.ts';
import moderation from './xep-0425/index.ts';
import roomAvatars from './xep-0486/index.ts';
import privateStorage from './xep-0049/index.ts';
import vcard from './xep-0054/index.ts';
import pubsub from './xep-0060/index.ts';
import pep from './xep-0163/index.ts';
import omemo from './xep-0384/index.ts';
import avatars from './xep-0398/index.ts';
import bookmarks from './xep-0402/index.ts';
import displayedSync from './xep-0490/index.ts';

/** Everything there is, by specification. */
export const SECTIONS: readonly Section[] = [
  ...imNg,
  ...rfc6120,
  ...rfc6121,
  ...rfc7395,
  ...disco,
  ...rooms,
  ...directInvitations,
  ...hats,
  ...selfPing,
  ...occupantIds,
  ...retraction,
  ...moderation,
  ...roomAvatars,
  ...registration,
  ...blocking,
  ...streamManagement,
  ...xmppOverBosh,
  ...externalServices,
  ...carbons,
  ...mam,
  ...clientState,
  ...push,
  ...upload,
  ...sasl2,
  ...preferences,
  ...streamLimits,
  ...privateStorage,
  ...vcard,
  ...pubsub,
  ...pep,
  ...omemo,
  ...userAvatars,
  ...avatars,
  ...bookmarks,
  ...displayedSync,
  ...hostile,
];
