import session from './5-session.ts';

export default [session];
