import { describeSections } from '../vitest.ts';
import sections from './index.ts';

describeSections(sections);
