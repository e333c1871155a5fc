/** What a test says when the server does something else than the specification. */
class Deviation extends Error {
  override readonly name = 'Deviation';
}

/** Throws a Deviation unless the condition holds. */
export function check(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Deviation(message);
}
