import discovery from './5-discovery.ts';
import subscribers from './6-subscribers.ts';
import publishers from './7-publishers.ts';
import owners from './8-owners.ts';

export default [discovery, subscribers, publishers, owners];
