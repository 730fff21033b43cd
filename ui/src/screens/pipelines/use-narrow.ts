import { useSyncExternalStore } from 'react';

const query = '(max-width: 760px)';

function subscribe(run: () => void): () => void {
  const list = window.matchMedia(query);
  list.addEventListener('change', run);
  return () => list.removeEventListener('change', run);
}

/** Whether there is no room for columns beside each other. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}
