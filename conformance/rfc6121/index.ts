import roster from './2-roster.ts';
import subscriptions from './3-subscriptions.ts';
import presence from './4-presence.ts';
import localUser from './8.5-local-user.ts';

export default [roster, subscriptions, presence, localUser];
