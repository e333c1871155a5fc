import enabling from './3-enabling.ts';
import acks from './4-acks.ts';
import resumption from './5-resumption.ts';

export default [enabling, acks, resumption];
