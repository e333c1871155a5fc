import process from './3-process.ts';

export default [process];
