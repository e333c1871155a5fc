import { NS, StanzaError } from '@tutti/xmpp';
import { AnswerTurns, defineFeature } from '../../feature.ts';
import { Avatars } from './avatars.ts';
import { VCards, vcardMigrations } from './vcards.ts';

/** XEP-0398: an avatar is kept once, in the nodes of XEP-0084, and shown in vCards and in presence, whichever way it came. */
export const avatarConversion = defineFeature({
  spec: 'XEP-0398',
  version: '1.0.0',
  name: 'User Avatar to vCard-Based Avatars Conversion',
  note: 'both ways',
  disco: { account: [NS.pepVcardConversion] },
  migrations: vcardMigrations,
  setup(api) {
    const avatars = new Avatars(api);
    const vcards = new VCards(api, avatars);
    api.on('enrichPresence', (session, presence) => avatars.enrich(session, presence));
    api.on('eventsChanged', (account, changes) => avatars.changed(account, changes));
    api.portable({
      async *write(account) {
        const vcard = await vcards.stored(account);
        if (vcard !== undefined) yield vcard;
      },
      async read(account, element) {
        if (!element.is('vCard', NS.vcardTemp)) return false;
        await vcards.restore(account, element);
        return true;
      },
    });
    const turns = new AnswerTurns(api);
    const route = { name: 'vCard', ns: NS.vcardTemp } as const;
    api.iq({ ...route, type: 'get', target: ['own', 'account'] }, (request) =>
      turns.run(request.session, request.payload, () => vcards.get(request)),
    );
    api.iq({ ...route, type: 'set', target: ['own'] }, (request) => vcards.set(request));
    api.iq({ ...route, type: 'set', target: ['account'] }, () => {
      throw new StanzaError('forbidden'); // XEP-0054 §3.2
    });
  },
});

export const vcardTemp = defineFeature({
  spec: 'XEP-0054',
  version: '1.3.0',
  name: 'vcard-temp',
  disco: { domain: [NS.vcardTemp], account: [NS.vcardTemp] },
});

export const vcardAvatars = defineFeature({
  spec: 'XEP-0153',
  version: '1.1.1',
  name: 'vCard-Based Avatars',
  note: 'the server adds the hash to presence',
});

export const userAvatar = defineFeature({
  spec: 'XEP-0084',
  version: '1.1.4',
  name: 'User Avatar',
});
