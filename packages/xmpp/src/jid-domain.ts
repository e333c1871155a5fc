import tr46 from 'tr46';
import { JidError } from './jid-error.ts';
import { requireClass } from './precis-class.ts';
import { PrecisError } from './precis-error.ts';

/**
 * Labels of letters, digits and inner hyphens, none with hyphens in places 3 and 4: RFC 5890 §2.3.1, "NR-LDH label".
 */
const NR_LDH_NAME = /^(?!-)(?!..--)[a-z0-9-]+(?<!-)(?:\.(?!-)(?!..--)[a-z0-9-]+(?<!-))*$/;

/** An IPv6 literal with an optional zone (RFC 3986 §3.2.2, RFC 6874); which groups it has is checked apart. */
const IPV6_LITERAL = /^\[([0-9a-f:.]+)(%[a-z0-9._~-]+)?\]$/i;

/** RFC 5892 §2.4: combining marks for symbols, and musical ones. */
const IGNORABLE_BLOCKS = /[\u20d0-\u20ff\u{1d100}-\u{1d24f}]/u;

/** RFC 5890 §2.3.2.1: an A-label has 63 octets at most, and its U-label no more characters; the dots are those of UTS #46. */
const LONG_LABEL = /[^.\u3002\uff0e\uff61]{64}/u;

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/**
 * Prepares a domainpart: RFC 7622 §3.2. Takes a domain name, an IPv4 address or a bracketed IPv6 address; gives
 * U-labels in lower case and NFC, without the final dot. Throws JidError. The length of a label of ASCII letters is not
 * limited, since a name need not live in the DNS; that of the whole part is the caller's (§3.1).
 */
export function prepareDomain(text: string): string {
  // RFC 7622 §3.2: a final dot is stripped before any other step
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name === '') throw new JidError('domain', 'it is empty');
  if (name.startsWith('[')) return prepareIpv6Literal(name);
  const lower = name.toLowerCase();
  return NR_LDH_NAME.test(lower) ? lower : prepareInternationalName(name);
}

/**
 * The A-labels and the raw internationalized labels of a name as U-labels, by UTS #46 with the strict settings of
 * IDNA2008.
 */
function prepareInternationalName(name: string): string {
  // Before anything else is done with it: the cost of Punycode goes by the square of the length.
  if (LONG_LABEL.test(name)) throw new JidError('domain', 'it has a label that is too long');
  const { domain, error } = tr46.toUnicode(name, {
    checkBidi: true,
    checkHyphens: true,
    checkJoiners: true,
    useSTD3ASCIIRules: true,
  });
  if (error) throw new JidError('domain', 'it is no internationalized domain name');
  for (const label of domain.split('.')) {
    if (label === '') throw new JidError('domain', 'it has an empty label');
    requireIdna2008(label);
  }
  return domain;
}

/**
 * UTS #46 lets symbols through that are no part of a U-label (RFC 5890 §2.3.2.1, RFC 5892). What it has mapped and
 * validated already is PVALID there just when it is so in the IdentifierClass, which takes its categories and
 * contextual rules from RFC 5892, except for the marks of three blocks of symbols.
 */
function requireIdna2008(label: string): void {
  if (IGNORABLE_BLOCKS.test(label)) throw new JidError('domain', 'it has a mark for symbols');
  try {
    requireClass(label, 'identifier');
  } catch (error) {
    if (error instanceof PrecisError) throw new JidError('domain', error.message, { cause: error });
    throw error;
  }
}

function prepareIpv6Literal(literal: string): string {
  const [, address, zone] = IPV6_LITERAL.exec(literal) ?? [];
  if (address === undefined || !isIpv6(address)) throw new JidError('domain', 'it is no IPv6 address');
  // the zone is the name of a network interface: its case counts
  return `[${address.toLowerCase()}${zone ?? ''}]`;
}

/** RFC 4291 §2.2: eight groups, one run of them may be `::`, the last two may be an IPv4 address. */
function isIpv6(address: string): boolean {
  const halves = address.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    const fields = half === '' ? [] : half.split(':');
    for (const [place, field] of fields.entries()) {
      const isLast = index === halves.length - 1 && place === fields.length - 1;
      if (/^[0-9a-f]{1,4}$/i.test(field)) groups += 1;
      else if (isLast && IPV4.test(field)) groups += 2;
      else return false;
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}
