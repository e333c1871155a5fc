import type { Client, Message } from '@tutti/client';

/** The newest messages whose text has all the words, whatever their case and accents; at most `limit`. */
export function searchMessages(client: Client, wanted: string, limit = 50): readonly Message[] {
  const words = fold(wanted)
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return [];
  const found = client.conversations.flatMap(({ messages }) =>
    messages.filter(({ body }) => {
      const text = fold(body);
      return words.every((word) => text.includes(word));
    }),
  );
  return found.toSorted((one, other) => other.time - one.time).slice(0, limit);
}

/** A text for comparing. */
export function fold(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}
