/** Light, dark, or what the system says; kept in the browser. */

export type Theme = 'system' | 'light' | 'dark';

const key = 'wirestitch.theme';
const dark = () => window.matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  const kept = window.localStorage.getItem(key);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Shows the page in the kept theme, and follows the system where none is kept. */
export function applyTheme(): void {
  const show = () => {
    const chosen = theme();
    const shown = chosen === 'system' ? (dark().matches ? 'dark' : 'light') : chosen;
    if (document.documentElement.dataset.theme === shown) return;
    document.documentElement.dataset.theme = shown;
    window.dispatchEvent(new Event(themeEvent));
  };
  show();
  dark().addEventListener('change', show);
  window.addEventListener(chosenEvent, show);
}

export function chooseTheme(next: Theme): void {
  window.localStorage.setItem(key, next);
  window.dispatchEvent(new Event(chosenEvent));
}

const chosenEvent = 'wirestitch:theme-chosen';

/** Fired at the window when the page looks different: what is drawn on canvas is drawn again. */
export const themeEvent = 'wirestitch:theme';
