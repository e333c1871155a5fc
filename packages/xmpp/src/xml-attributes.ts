import type { Attributes } from './scanner-tag.ts';
import { isDeclarable, isLocalName, type Prefixes, XML_NS } from './xml-names.ts';

/** Attributes to set (numbers in decimal) or, where undefined, to remove; `xmlns` and `xmlns:p` are declarations. */
export type AttributeChanges = Readonly<Record<string, string | number | undefined>>;

/** What comes of attributes and declarations. */
export interface ChangedAttributes {
  readonly attrs: Attributes;
  readonly prefixes: Prefixes;
  /** The namespace that `xmlns` asked for. */
  readonly ns: string | undefined;
}

/** Applies changes to attributes. Throws TypeError for a name that XML does not allow or whose prefix nobody declared. */
export function changeAttributes(before: Attributes, prefixes: Prefixes, changes: AttributeChanges): ChangedAttributes {
  const attrs = Object.create(null) as Record<string, string>;
  for (const name in before) attrs[name] = before[name]!;
  const names = Object.keys(changes);
  let declared = prefixes;
  let ns: string | undefined;
  // Declarations first: the names of attributes may depend on them.
  for (const name of names) {
    const value = changes[name];
    if (value === undefined || !isDeclaration(name)) continue;
    if (name === 'xmlns') ns = checkNamespace(String(value));
    else declared = declare(declared, name.slice('xmlns:'.length), String(value));
  }
  for (const name of names) {
    if (isDeclaration(name)) continue;
    checkAttributeName(name, declared);
    const value = changes[name];
    if (value === undefined) delete attrs[name];
    else attrs[name] = String(value);
  }
  return { attrs, prefixes: declared, ns };
}

function isDeclaration(name: string): boolean {
  return name === 'xmlns' || name.startsWith('xmlns:');
}

function checkNamespace(uri: string): string {
  if (uri !== XML_NS && !isDeclarable('', uri)) throw new TypeError(`no element can be in the namespace '${uri}'`);
  return uri;
}

function declare(prefixes: Prefixes, prefix: string, namespace: string): Prefixes {
  const free = (prefixes.get(prefix) ?? namespace) === namespace;
  if (!free || !isLocalName(prefix) || !isDeclarable(prefix, namespace)) {
    throw new TypeError(`the prefix '${prefix}' cannot be declared as '${namespace}'`);
  }
  return new Map([...prefixes, [prefix, namespace]]);
}

function checkAttributeName(name: string, prefixes: Prefixes): void {
  const colon = name.indexOf(':');
  if (!isLocalName(name.slice(colon + 1))) throw new TypeError(`'${name}' cannot be an attribute's name`);
  if (colon === -1) return;
  const prefix = name.slice(0, colon);
  if (prefix !== 'xml' && !prefixes.has(prefix)) throw new TypeError(`the prefix of '${name}' is not declared`);
}
