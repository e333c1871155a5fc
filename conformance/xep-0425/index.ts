import moderation from './3-moderation.ts';

export default [moderation];
