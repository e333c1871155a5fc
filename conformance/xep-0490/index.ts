import serverAssist from './5-server-assist.ts';

export default [serverAssist];
