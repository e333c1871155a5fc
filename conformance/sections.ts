import rfc6121 from './rfc6121/index.ts';
import type { Section } from './suite.ts';
import imNg from './xep-0409/index.ts';

/** Everything there is, by specification. */
export const SECTIONS: readonly Section[] = [...imNg, ...rfc6121];
