import type { JSX } from 'preact';

/** Each icon as strokes on a field of 24 by 24. */
const shapes = {
  back: 'M15 5l-7 7 7 7',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20',
  settings: 'M4 7h8M18 7h2M15 4.5v5M4 17h2M12 17h8M9 14.5v5',
  plus: 'M12 5v14M5 12h14',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  send: 'M5 12h13M12.5 5.5L19 12l-6.5 6.5',
  attach: 'M8 12.5l6.2-6.2a3 3 0 0 1 4.3 4.3l-8 8a5 5 0 0 1-7-7L11 4',
  close: 'M6 6l12 12M18 6L6 18',
  down: 'M12 5v13M6 12.5l6 6 6-6',
  sending: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 8v4.5l3 2',
  archived: 'M5 12.5l4.5 4.5L19 7.5',
  received: 'M2.5 12.5L7 17l8.5-9M11.5 15.5L13 17l8.5-9',
  displayed: 'M2.5 12.5L7 17l8.5-9M11.5 15.5L13 17l8.5-9',
  failed: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 8v5M12 16.2v.01',
  invite:
    'M9.5 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 19.5c.6-3.4 3.2-5.5 6.5-5.5s5.900 2.100 6.500 5.500M18.500 8v6M15.500 11h6',
} as const;

export type IconName = keyof typeof shapes;

/** An icon without a meaning of its own: what it stands for is said by what it stands in. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <path d={shapes[name]} />
    </svg>
  );
}

/** The sign of Tutti: all voices together in one word. */
export function Logo(): JSX.Element {
  return <img class="logo" src="/icon.svg" alt="" width="72" height="72" />;
}
