import enabling from './5-enabling.ts';
import publishing from './6-publishing.ts';

export default [enabling, publishing];
