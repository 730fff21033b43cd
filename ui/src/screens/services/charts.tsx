import { lazy, Suspense, useMemo } from 'react';
import type { RedSeriesFigures, ServiceWindow } from '../../../../query/web/contract/services.ts';
import { duration, rate } from '../../parts/format.ts';
import { redLines, stepTimes } from './chart-lines.ts';
import styles from './charts.module.css';

const TimeChart = lazy(() => import('../../parts/time-chart.tsx'));

/** Requests, errors and times of a service over the window. */
export function RedCharts({ series, window }: { series: RedSeriesFigures; window: ServiceWindow }) {
  const { startUnixNano, stepNs } = window;
  const times = useMemo(
    () => stepTimes(startUnixNano, stepNs, series.calls.length),
    [startUnixNano, stepNs, series],
  );
  const { requests, latency } = useMemo(() => redLines(series, stepNs), [series, stepNs]);
  return (
    <div className={styles.charts}>
      <Suspense fallback={null}>
        <TimeChart title="Requests" times={times} lines={requests} format={rate} />
        <TimeChart title="Duration" times={times} lines={latency} format={duration} />
      </Suspense>
    </div>
  );
}
