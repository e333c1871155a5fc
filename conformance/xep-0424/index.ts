import retraction from './4-tombstones.ts';

export default [retraction];
