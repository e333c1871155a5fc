/** What may stand in a log. */

const SECRETS =
  /pass(word|wd|phrase)?$|secret|token|authorization|cookie|credential|^(client|server|stored)?key$|salt|nonce|proof|sasl(data)?$|initialresponse|challenge/i;
const BODIES =
  /^(body|bodies|stanza|stanzas|payload|subject|xml|content|html|text|message_?(body|text|xml)|plaintext)$/i;

const LONGEST_TEXT = 1000;
const DEEPEST = 4;

/**
 * Makes the fields of a log line safe: secrets become "[secret]", message contents "[body]", elements their name, errors their
 * message and stack; texts are cut at 1000 characters.
 */
export function describeForLog(fields: object): Record<string, unknown> {
  return describeFields(fields, DEEPEST);
}

function describeFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, describeField(name, value, depth)]));
}

function describeField(name: string, value: unknown, depth: number): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') return value;
  if (SECRETS.test(name)) return '[secret]';
  if (isElement(value)) return `<${value.name} xmlns='${value.ns}'/>`;
  return BODIES.test(name) && typeof value !== 'number' ? '[body]' : describeValue(value, depth);
}

function describeValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (isElement(value)) return `<${value.name} xmlns='${value.ns}'/>`;
  const words = speak(value);
  if (words !== undefined) return words;
  if (depth === 0) return '[…]';
  if (Array.isArray(value)) return value.map((item) => describeValue(item, depth - 1));
  return describeFields(value, depth - 1);
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  const { code, cause } = error as NodeJS.ErrnoException;
  return {
    type: error.name,
    message: describeValue(error.message, depth),
    ...(code === undefined ? {} : { code }),
    ...(error.stack === undefined ? {} : { stack: error.stack.slice(0, 4 * LONGEST_TEXT) }),
    ...(cause === undefined || depth === 0 ? {} : { cause: describeValue(cause, depth - 1) }),
  };
}

/** An XML element: its attributes and children stay out of the log. */
function isElement(value: unknown): value is { readonly name: string; readonly ns: string } {
  return typeof value === 'object' && value !== null && 'name' in value && 'ns' in value && 'attrs' in value;
}

/** What something says of itself that can, such as a JID or a date. */
function speak(value: object): string | undefined {
  const { toString } = value as { toString: unknown };
  const isOwnWord = typeof toString === 'function' && toString !== Object.prototype.toString && !Array.isArray(value);
  return isOwnWord ? String(toString.call(value)) : undefined;
}
