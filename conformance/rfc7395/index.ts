import framing from './3-framing.ts';

export default [framing];
