import limits from './2-limits.ts';

export default [limits];
