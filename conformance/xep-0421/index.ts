import occupantIds from './3-use-cases.ts';

export default [occupantIds];
