import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { isPicture, readWebUrl } from '../text/links.ts';
import { usePage } from './page.tsx';

interface AttachmentProps {
  readonly address: string;
  /** Who sent it. */
  readonly name: string;
  readonly onLoad: () => void;
}

/** Something attached: a picture of this server's is shown; of another server's when the user wants, as asking for it tells that server. */
export function Attachment({ address, name, onLoad }: AttachmentProps): JSX.Element | null {
  const { t } = usePage();
  const url = readWebUrl(address);
  const [isWanted, setWanted] = useState(url?.origin === location.origin);
  const [isBroken, setBroken] = useState(false);
  if (url === undefined) return <p class="attachment">{address}</p>;
  const file = decodeURIComponent(url.pathname.split('/').at(-1) ?? '') || url.host;
  if (!isPicture(url) || isBroken || (url.protocol === 'http:' && url.origin !== location.origin)) {
    return (
      <a class="attachment file" href={url.href} target="_blank" rel="noopener noreferrer nofollow">
        {t.openFile(file)}
      </a>
    );
  }
  if (!isWanted) {
    return (
      <button type="button" class="attachment file" onClick={() => setWanted(true)}>
        {t.showPicture(url.host)}
      </button>
    );
  }
  return (
    <a class="attachment" href={url.href} target="_blank" rel="noopener noreferrer nofollow">
      <img
        src={url.href}
        alt={t.pictureOf(name)}
        loading="lazy"
        referrerpolicy="no-referrer"
        onLoad={onLoad}
        onError={() => setBroken(true)}
      />
    </a>
  );
}
