import { memo } from 'react';
import type { RedSeriesFigures } from '../../../../query/web/contract/services.ts';
import styles from './list.module.css';
import { bars } from './sparkline.ts';

const size = { width: 120, height: 22 };

/** Calls over time, errors in red. What it shows stands beside it in numbers. */
export const SparkBars = memo(function SparkBars({ series }: { series: RedSeriesFigures | null }) {
  if (series === null) return null;
  const paths = bars(series.calls, series.errors, size);
  return (
    <svg
      className={styles.spark}
      viewBox={`0 0 ${size.width} ${size.height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className={styles.sparkCalls} d={paths.calls} />
      <path className={styles.sparkErrors} d={paths.errors} />
    </svg>
  );
});
