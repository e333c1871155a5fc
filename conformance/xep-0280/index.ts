import enabling from './4-5-enabling.ts';
import copies from './6-8-copies.ts';

export default [enabling, copies];
