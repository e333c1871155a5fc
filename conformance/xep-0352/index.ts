import protocol from './4-protocol.ts';

export default [protocol];
