import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JID } from './jid.ts';
import {
  foldNickname,
  prepareNickname,
  prepareOpaque,
  prepareUsername,
  prepareUsernameCasePreserved,
} from './precis.ts';
import { PrecisError } from './precis-error.ts';

/**
 * Characters that take part in some rule: case, width, marks, joiners, directions, digits, spaces, separators, symbols.
 */
const TELLING = Array.from(
  'aAzZ019-._ @/:"&\\[]%' +
    '\u00df\u00b7lL\u0130\u0131\u03a3\u03c3\u03c2\u1e9e\u212a\u212b\u01c5\u2163\ufb01' +
    '\u0301\u030a\u0345\u0308\u00b4\u037a\u03d2\u03d4\u0390\u1fb7' +
    '\uff21\uff0f\uff20\uff0e\u3002\uff76\uff9e\uffa1\u3131\u1100\u1161\u11a8\uac00' +
    '\u05d0\u05b0\u05f3\u0628\u0627\u064b\u0660\u06f0\u200c\u200d\u094d\u0915\u30fb\u30ab' +
    '\u00a0\u1680\u3000\u00ad\u2028\ufffe\u0378\u{1f37a}\u{10400}\u{1d15e}',
);
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...TELLING), maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
);
const label = fc.oneof(text, fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/));
const address = fc
  .tuple(fc.option(text), fc.array(label, { minLength: 1, maxLength: 3 }), fc.option(text))
  .map(([local, labels, resource]) => {
    const bare = local === null ? labels.join('.') : `${local}@${labels.join('.')}`;
    return resource === null ? bare : `${bare}/${resource}`;
  });

describe('JID properties', () => {
  it('parse(toString(j)) equals j', () => {
    fc.assert(
      fc.property(address, (input) => {
        const jid = JID.tryParse(input);
        if (jid === undefined) return;
        expect(JID.parse(jid.toString())).toMatchObject({
          local: jid.local,
          domain: jid.domain,
          resource: jid.resource,
        });
        expect(JID.of(jid.local, jid.domain, jid.resource).toString()).toBe(jid.toString());
      }),
      { numRuns: 3000 },
    );
  });

  it('the addresses of the property above are accepted often enough to prove it', () => {
    const accepted = fc
      .sample(address, { numRuns: 1000, seed: 1 })
      .filter((input) => JID.tryParse(input) !== undefined);
    expect(accepted.length).toBeGreaterThan(50);
  });
});

describe.each([
  ['UsernameCaseMapped', prepareUsername],
  ['UsernameCasePreserved', prepareUsernameCasePreserved],
  ['OpaqueString', prepareOpaque],
  ['Nickname', prepareNickname],
  ['Nickname for comparison', foldNickname],
])('PRECIS profile %s', (_name, prepare) => {
  /** The output, or undefined for what the profile refuses; any other error passes through. */
  function tryPrepare(input: string): string | undefined {
    try {
      return prepare(input);
    } catch (error) {
      if (error instanceof PrecisError) return undefined;
      throw error;
    }
  }

  it('is idempotent, and throws nothing but PrecisError', () => {
    fc.assert(
      fc.property(text, (input) => {
        const output = tryPrepare(input);
        if (output === undefined) return;
        expect(prepare(output)).toBe(output);
        expect(output.normalize('NFC')).toBe(output);
      }),
      { numRuns: 3000 },
    );
  });
});
