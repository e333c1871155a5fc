import { afterAll, beforeAll, describe, it } from 'vitest';
import { requirePeer } from './peers.ts';
import rfc6120 from './rfc6120/index.ts';
import rfc6121 from './rfc6121/index.ts';
import { Runner } from './run.ts';
import type { Section } from './suite.ts';
import type { Target } from './target.ts';
import { PROSODY_OFFERS, startProsody } from './targets/prosody.ts';
import rooms from './xep-0045/index.ts';
import xmppOverBosh from './xep-0206/index.ts';
import upload from './xep-0363/index.ts';
import privateStorage from './xep-0049/index.ts';
import pep from './xep-0163/index.ts';
import blocking from './xep-0191/index.ts';
import streamManagement from './xep-0198/index.ts';
import omemo from './xep-0384/index.ts';
import avatars from './xep-0398/index.ts';
import bookmarks from './xep-0402/index.ts';

/** Sections in which Prosody 0.12 deviates nowhere: where one of these fails, the test is wrong rather than the server. */
const SECTIONS: readonly Section[] = [
  ...rfc6120.filter(({ section }) => section === '4' || section === '7'),
  ...rfc6121.filter(({ section }) => section === '4' || section === '8.5'),
  ...blocking,
  ...rooms,
  ...privateStorage,
  ...pep.filter(({ section }) => section === '3'),
  ...omemo,
  ...avatars,
  ...bookmarks,
  ...xmppOverBosh,
  ...upload,
  ...streamManagement.filter(({ section }) => section === '3' || section === '5'),
];

const define = it.concurrent;

describe.runIf(requirePeer('prosody', 'conformance tests checked against another server'))(
  'the tests themselves, against Prosody',
  () => {
    let target: Target;
    beforeAll(async () => {
      target = await startProsody();
    }, 30_000);
    afterAll(() => target.stop());

    for (const section of SECTIONS) {
      describe(`${section.spec} §${section.section} ${section.title}`, () => {
        for (const test of section.tests.filter(({ needs }) => needs.every((need) => PROSODY_OFFERS.has(need)))) {
          define(test.title, { timeout: 30_000 }, () =>
            new Runner(target, section.stands.includes('tcp') ? 'tcp' : 'bosh').run(test),
          );
        }
      });
    }
  },
);
