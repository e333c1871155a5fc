import conversion from './3-conversion.ts';

export default [conversion];
