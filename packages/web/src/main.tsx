import { render } from 'preact';
// oxlint-disable-next-line import/no-unassigned-import -- a style has nothing to assign
import './style.css';
import { loadPageConfig } from './model/page-config.ts';
import { registerServiceWorker } from './model/service-worker.ts';
import { chooseLanguage, languages } from './text/language.ts';
import { Root } from './ui/root.tsx';

const container = document.getElementById('app');
if (container === null) throw new TypeError('no place for the page');
if (isSecureContext) {
  render(<Root config={await loadPageConfig()} />, container);
  registerServiceWorker();
} else {
  // Browsers keep what the page needs for addresses with https, and for this machine.
  container.textContent = languages[chooseLanguage(navigator.languages)].needsHttps(location.host);
}
