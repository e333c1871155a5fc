import roomAvatars from './3-use-cases.ts';

export default [roomAvatars];
