import storage from './2-storage.ts';

export default [storage];
