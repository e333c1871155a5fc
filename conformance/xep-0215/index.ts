import services from './3-services.ts';

export default [services];
