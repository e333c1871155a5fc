import blocking from './3-blocking.ts';

export default [blocking];
