import useCases from './3-use-cases.ts';

export default [useCases];
