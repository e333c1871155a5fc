import hats from './3-protocol.ts';

export default [hats];
