import type { Page } from 'playwright-core';

/** A message as a page shows it. */
export interface Shown {
  /** Its id in the archive; '' until it has one. */
  readonly id: string;
  readonly state: string;
  readonly own: boolean;
  readonly text: string;
}

/** All messages of the conversation that is open, from its beginning. */
export async function readConversation(page: Page): Promise<readonly Shown[]> {
  const earlier = page.getByRole('button', { name: 'Show earlier messages' });
  while (await earlier.isVisible()) {
    await earlier.evaluate((button: HTMLButtonElement) => button.click());
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-message]')].map((element) => ({
      id: element.dataset['archive'] ?? '',
      state: element.dataset['state'] ?? '',
      own: element.classList.contains('own'),
      text: element.querySelector('.body')?.textContent ?? '',
    })),
  );
}

/** Waits until something is so. */
export async function until(isSo: () => Promise<boolean> | boolean, describe: () => unknown): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`still not so: ${JSON.stringify(await describe())}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
