import { useCallback, useEffect, useRef, useState } from 'react';
import type { FindAnswer, RowFilter } from '../../../../query/web/contract/trace.ts';
import { postFind, type TraceRef } from './api.ts';

export type Direction = 'next' | 'previous';

export interface Find {
  /** Where the search stands; undefined where nothing is looked for, or before the answer. */
  readonly answer: FindAnswer | undefined;
  readonly error: unknown;
  /** Goes to the next match, from the last one or from `from`. */
  readonly step: (direction: Direction, from?: number) => void;
  /** The same, of spans with errors, whatever is looked for. */
  readonly stepError: (direction: Direction, from?: number) => void;
}

/** Steps through what matches, in the order of the tree. */
export function useFind(ref: TraceRef, filter: RowFilter, goTo: (index: number) => void): Find {
  const [answer, setAnswer] = useState<FindAnswer>();
  const [error, setError] = useState<unknown>();
  const at = useRef(-1);
  const running = useRef<AbortController>(undefined);
  const empty = Object.keys(filter).length === 0;
  const run = useCallback(
    (wanted: RowFilter, direction: Direction, from: number, go: boolean) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      postFind(ref, { filter: wanted, from, direction }, controller.signal).then(
        (found) => {
          if (controller.signal.aborted) return;
          setError(undefined);
          if (go && found.index !== null) {
            at.current = found.index;
            goTo(found.index);
          }
          if (wanted === filter) setAnswer(go ? found : { ...found, ordinal: 0 });
        },
        (reason: unknown) => {
          if (!controller.signal.aborted) setError(reason);
        },
      );
    },
    [ref, filter, goTo],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: `goTo` is no reason to search again
  useEffect(() => {
    setAnswer(undefined);
    setError(undefined);
    at.current = -1;
    // How many there are, while it is still being typed.
    const count = () => run(filter, 'next', -1, false);
    const timer = empty ? undefined : window.setTimeout(count, 150);
    return () => {
      window.clearTimeout(timer);
      // An answer about what is no longer looked for moves and counts nothing.
      running.current?.abort();
    };
  }, [ref, filter, empty]);
  const step = useCallback(
    (direction: Direction, from = at.current) => {
      if (!empty) run(filter, direction, from, true);
    },
    [run, filter, empty],
  );
  const stepError = useCallback(
    (direction: Direction, from = at.current) => run({ errors: true }, direction, from, true),
    [run],
  );
  return { answer: empty ? undefined : answer, error, step, stepError };
}
