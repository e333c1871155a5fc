import publishing from './3-publishing.ts';
import notifications from './4-notifications.ts';

export default [publishing, notifications];
