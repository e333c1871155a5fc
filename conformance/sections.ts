import rfc6121 from './rfc6121/index.ts';
import type { Section } from './suite.ts';
import streamManagement from './xep-0198/index.ts';
import blocking from './xep-0191/index.ts';
import carbons from './xep-0280/index.ts';
import mam from './xep-0313/index.ts';
import imNg from './xep-0409/index.ts';
import preferences from './xep-0441/index.ts';

/** Everything there is, by specification. */
export const SECTIONS: readonly Section[] = [...imNg, ...rfc6121, ...streamManagement, ...carbons, ...mam, ...preferences, ...blocking];
