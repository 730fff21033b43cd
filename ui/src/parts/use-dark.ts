import { useSyncExternalStore } from 'react';
import { themeEvent } from '../app/theme.ts';
import { isDark } from './colour.ts';

function subscribe(run: () => void): () => void {
  window.addEventListener(themeEvent, run);
  return () => window.removeEventListener(themeEvent, run);
}

/** Whether the page is shown dark, again with each change. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, isDark);
}
