import compatibility from './6-compatibility.ts';

export default [compatibility];
