import directInvitations from './2-how-it-works.ts';

export default [directInvitations];
