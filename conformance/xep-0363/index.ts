import discovery from './4-slots.ts';
import upload from './8-upload.ts';

export default [discovery, upload];
