import querying from './4-querying.ts';
import metadata from './5-metadata.ts';
import businessRules from './6-business-rules.ts';
import rooms from './6-rooms.ts';

export default [querying, metadata, businessRules, rooms];
