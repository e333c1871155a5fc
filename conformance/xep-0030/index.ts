import disco from './3-disco.ts';

export default [disco];
