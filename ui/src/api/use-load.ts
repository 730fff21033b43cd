import { useCallback, useEffect, useRef, useState } from 'react';

export interface Loaded<T> {
  /** Of the last load that went well with this key; undefined before. */
  readonly data: T | undefined;
  /** Why the newest load failed, undefined when it did not. */
  readonly error: unknown;
  readonly loading: boolean;
  readonly reload: () => void;
}

interface State<T> {
  readonly key: string;
  readonly data: T | undefined;
  readonly error: unknown;
  readonly loading: boolean;
}

export interface LoadOptions {
  /** Loads again this long after an answer, while the page is looked at; 0 = never. */
  readonly pollMs?: number;
  /** Shows what the key before had until this one's answer is there. */
  readonly keep?: boolean;
}

/**
 * Loads once for each key, and again when asked or polled; what is no longer wanted is aborted.
 * @param key '' = nothing to load
 */
export function useLoad<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  { pollMs = 0, keep = false }: LoadOptions = {},
): Loaded<T> {
  const [state, setState] = useState<State<T>>(() => nothing(key));
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round loads the same again
  useEffect(() => {
    if (key === '') return;
    const controller = new AbortController();
    const { signal } = controller;
    let timer: number | undefined;
    let failures = 0;
    const again = () => {
      if (pollMs === 0 || signal.aborted) return;
      timer = window.setTimeout(run, pollMs * Math.min(2 ** failures, 16));
    };
    const run = () => {
      if (document.hidden && timer !== undefined) return again();
      setState((old) => ({ ...(old.key === key || keep ? old : nothing<T>(key)), loading: true }));
      latest.current(signal).then(
        (data) => {
          if (signal.aborted) return;
          failures = 0;
          setState({ key, data, error: undefined, loading: false });
          again();
        },
        (error: unknown) => {
          if (signal.aborted) return;
          failures++;
          setState((old) => ({ ...old, key, error, loading: false }));
          again();
        },
      );
    };
    run();
    return () => {
      controller.abort();
      window.clearTimeout(timer);
    };
  }, [key, pollMs, keep, round]);
  const reload = useCallback(() => setRound((n) => n + 1), []);
  const shown = state.key === key || keep ? state : nothing<T>(key);
  return { data: shown.data, error: shown.error, loading: shown.loading, reload };
}

function nothing<T>(key: string): State<T> {
  return { key, data: undefined, error: undefined, loading: key !== '' };
}
