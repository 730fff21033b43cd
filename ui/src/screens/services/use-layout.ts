import { useEffect, useRef, useState } from 'react';
import type { Layout, LayoutRequest } from './layout-shape.ts';

interface Done {
  readonly key: string;
  readonly layout: Layout;
}

/**
 * Arranges a graph in a worker; the last arrangement stays until the next is there.
 * @param request undefined = nothing to arrange
 */
export function useLayout(request: LayoutRequest | undefined): Done | undefined {
  const [done, setDone] = useState<Done>();
  const worker = useRef<Worker>(undefined);
  const jobs = useRef(0);
  const key = request === undefined ? '' : JSON.stringify(request);
  useEffect(() => {
    const own = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    worker.current = own;
    return () => own.terminate();
  }, []);
  useEffect(() => {
    const own = worker.current;
    if (own === undefined || key === '') return;
    const job = ++jobs.current;
    own.onmessage = ({ data }: MessageEvent<{ job: number; layout: Layout }>) => {
      if (data.job === jobs.current) setDone({ key, layout: data.layout });
    };
    own.postMessage({ ...(JSON.parse(key) as LayoutRequest), job });
  }, [key]);
  return done;
}
