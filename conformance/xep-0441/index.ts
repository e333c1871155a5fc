import preferences from './2-preferences.ts';

export default [preferences];
