import { useCallback, useEffect, useRef, useState } from 'react';
import type { GraphEdge, TapOpened, TapSample } from '../../../../query/web/contract/pipelines.ts';
import { listen } from '../../api/events.ts';
import { type ItemRow, rowsOf } from './sample-rows.ts';

/** Samples that are kept. */
const mostSamples = 60;

export interface SeenSample {
  /** Rises by one. */
  readonly id: number;
  readonly sample: TapSample;
  readonly rows: readonly ItemRow[];
}

export interface Tap {
  readonly status: 'connecting' | 'live' | 'stopped' | 'failed';
  readonly opened: TapOpened | undefined;
  /** Newest first; does not change while paused. */
  readonly samples: readonly SeenSample[];
  /** Samples that came since it was paused. */
  readonly waiting: number;
  readonly paused: boolean;
  readonly setPaused: (paused: boolean) => void;
  readonly start: () => void;
  readonly stop: () => void;
}

/** Looks at an edge from the first render on; another edge begins anew. */
export function useTap({ from, to }: GraphEdge): Tap {
  const [status, setStatus] = useState<Tap['status']>('connecting');
  const [opened, setOpened] = useState<TapOpened>();
  const [newest, setNewest] = useState<readonly SeenSample[]>([]);
  const [frozen, setFrozen] = useState<readonly SeenSample[]>();
  const [round, setRound] = useState(0);
  const ids = useRef(0);
  const end = useRef<() => void>(() => {});
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round begins again
  useEffect(() => {
    setStatus('connecting');
    setFrozen(undefined);
    setNewest([]);
    const close = listen('/api/v1/pipelines/tap', { from, to }, ['opened', 'sample'], {
      event(name, data) {
        setStatus('live');
        if (name === 'opened') setOpened(data as TapOpened);
        if (name !== 'sample') return;
        const sample = data as TapSample;
        const seen = { id: ++ids.current, sample, rows: rowsOf(sample) };
        setNewest((before) => [seen, ...before].slice(0, mostSamples));
      },
      failed: () => setStatus('failed'),
    });
    end.current = close;
    return close;
  }, [from, to, round]);
  const start = useCallback(() => setRound((n) => n + 1), []);
  const stop = useCallback(() => {
    end.current();
    setStatus('stopped');
  }, []);
  const paused = frozen !== undefined;
  const setPaused = (next: boolean) => setFrozen(next ? newest : undefined);
  const waiting = paused ? (newest[0]?.id ?? 0) - (frozen[0]?.id ?? 0) : 0;
  return { status, opened, samples: frozen ?? newest, waiting, paused, setPaused, start, stop };
}
