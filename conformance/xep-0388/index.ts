import sasl2 from './2-sasl2.ts';

export default [sasl2];
