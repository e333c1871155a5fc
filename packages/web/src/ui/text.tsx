import type { JSX } from 'preact';
import { splitLinks } from '../text/links.ts';

/** A text as text, its addresses as links. Nothing in it is markup. */
export function RichText({ text }: { readonly text: string }): JSX.Element {
  return (
    <>
      {splitLinks(text).map(({ text: part, href }, index) =>
        href === undefined ? (
          part
        ) : (
          <a key={index} href={href} target="_blank" rel="noopener noreferrer nofollow">
            {part}
          </a>
        ),
      )}
    </>
  );
}
