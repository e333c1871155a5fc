import devices from './4-devices.ts';

export default [devices];
