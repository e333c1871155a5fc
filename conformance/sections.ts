import hostile from './hostile/index.ts';
import rfc6120 from './rfc6120/index.ts';
import rfc6121 from './rfc6121/index.ts';
import rfc7395 from './rfc7395/index.ts';
import type { Section } from './suite.ts';
import disco from './xep-0030/index.ts';
import registration from './xep-0077/index.ts';
import blocking from './xep-0191/index.ts';
import streamManagement from './xep-0198/index.ts';
import carbons from './xep-0280/index.ts';
import mam from './xep-0313/index.ts';
import clientState from './xep-0352/index.ts';
import sasl2 from './xep-0388/index.ts';
import imNg from './xep-0409/index.ts';
import preferences from './xep-0441/index.ts';

/** Everything there is, by specification. */
export const SECTIONS: readonly Section[] = [
  ...imNg,
  ...rfc6120,
  ...rfc6121,
  ...rfc7395,
  ...disco,
  ...registration,
  ...blocking,
  ...streamManagement,
  ...carbons,
  ...mam,
  ...clientState,
  ...sasl2,
  ...preferences,
  ...hostile,
];
