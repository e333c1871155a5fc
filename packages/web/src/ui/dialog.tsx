import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from './icons.tsx';
import { usePage } from './page.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A window over the page; Escape closes it, and the focus stays inside and goes back afterwards. */
export function Dialog({ title, onClose, children }: DialogProps): JSX.Element {
  const { t } = usePage();
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={ref} class="dialog" aria-labelledby={heading} onClose={onClose}>
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" class="plain round" aria-label={t.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

interface QuestionProps {
  readonly title: string;
  readonly text: string;
  /** What the button says that does it. */
  readonly action: string;
  readonly onYes: () => void;
  readonly onClose: () => void;
}

/** Asks before something that can't be undone. */
export function Question({ title, text, action, onYes, onClose }: QuestionProps): JSX.Element {
  const { t } = usePage();
  const yes = (): void => {
    onClose();
    onYes();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {t.cancel}
        </button>
        <button type="button" class="danger" onClick={yes}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
