import entity from './6-entity.ts';
import entering from './7.2-entering.ts';
import history from './7.2.14-history.ts';
import talking from './7.4-talking.ts';
import more from './7.8-more.ts';
import moderator from './8-moderator.ts';
import admin from './9-admin.ts';
import owner from './10-owner.ts';

export default [entity, entering, history, talking, more, moderator, admin, owner];
