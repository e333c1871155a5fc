import { NS, xml } from '@tutti/xmpp';
import { defineFeature } from '../../feature.ts';
import { Members } from './members.ts';
import { Newcomers } from './newcomers.ts';

/** In-Band Registration: new accounts before login, where the configuration allows it; changes to one's own account after it. */
export const inBandRegistration = defineFeature({
  spec: 'XEP-0077',
  version: '2.4',
  name: 'In-Band Registration',
  note: 'by fields and by data form; off by default; without the numbers of XEP-0086 in errors',
  disco: { domain: [NS.register] },
  setup(api) {
    const newcomers = new Newcomers(api);
    api.beforeLogin(NS.register, {
      // §8
      streamFeature: () =>
        api.config.registration.enabled ? xml('register', { xmlns: NS.registerFeature }) : undefined,
      answer: (request) => newcomers.answer(request),
    });
    const members = new Members(api);
    const route = { name: 'query', ns: NS.register, target: ['domain', 'own'] } as const;
    api.iq({ ...route, type: 'get' }, (request) => members.get(request));
    api.iq({ ...route, type: 'set' }, (request) => members.set(request));
    api.on('accountRemoving', members.sayGoodbye);
  },
});
