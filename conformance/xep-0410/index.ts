import selfPing from './3-self-ping.ts';

export default [selfPing];
