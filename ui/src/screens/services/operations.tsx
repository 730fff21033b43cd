import { useCallback } from 'react';
import type { ServiceOperationsAnswer } from '../../../../query/web/contract/services.ts';
import { get } from '../../api/client.ts';
import { programClock } from '../../api/clock.ts';
import { useLoad } from '../../api/use-load.ts';
import { href, Link } from '../../app/router.tsx';
import { percent, rate } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { CutOff, Failed, Loading } from '../../parts/states.tsx';
import { bounds, type TimeRange } from '../../parts/time-range.ts';
import styles from './operations.module.css';
import { SparkBars } from './spark-bars.tsx';
import { traceParams } from './trace-links.ts';
import { errorShare, measureTexts, timeText } from './words.ts';

export interface OperationsProps {
  readonly service: string;
  readonly range: TimeRange;
  /** Milliseconds between loads, 0 = once. */
  readonly pollMs: number;
  /** With bars over time, where there is room. */
  readonly wide: boolean;
}

/** What a service was asked for, with figures of each. */
export function Operations({ service, range, pollMs, wide }: OperationsProps) {
  const load = useCallback(
    async (signal: AbortSignal) => {
      const params = { service, ...bounds(range, await programClock.now()) };
      return get<ServiceOperationsAnswer>('/api/v1/service-operations', params, signal);
    },
    [service, range],
  );
  const key = JSON.stringify([service, range]);
  const { data, error, reload } = useLoad(key, load, { pollMs });
  if (data === undefined) {
    if (error !== undefined) return <Failed error={error} retry={reload} />;
    return <Loading what="operations" />;
  }
  if (data.operations.length === 0) {
    return <p className={styles.none}>No spans of its own in this time range.</p>;
  }
  const measure = data.operations[0]?.measure;
  return (
    <>
      <table className={styles.table} aria-label={`Operations of ${service}`}>
        <thead>
          <tr>
            <th scope="col">Operation</th>
            {wide && (
              <th scope="col" className={styles.wide}>
                Over time
              </th>
            )}
            <th scope="col" className={styles.number}>
              Rate
            </th>
            <th scope="col" className={styles.number}>
              Errors
            </th>
            {wide && (
              <th scope="col" className={`${styles.number} ${styles.wide}`}>
                p50
              </th>
            )}
            <th scope="col" className={styles.number}>
              p95
            </th>
          </tr>
        </thead>
        <tbody>
          {data.operations.map(({ name, kind, red, series }) => (
            <tr key={`${kind} ${name}`}>
              <td className={styles.name}>
                <Link to={href('/traces', traceParams({ service, operation: name }, range))}>
                  <Name text={name} empty="(no name)" />
                </Link>
                <span className={styles.kind}>{kinds[kind] ?? ''}</span>
              </td>
              {wide && (
                <td className={`${styles.spark} ${styles.wide}`}>
                  <SparkBars series={series} />
                </td>
              )}
              <td className={styles.number}>{rate(red.perSecond)}</td>
              <td className={`${styles.number} ${red.errors > 0 ? styles.bad : ''}`}>
                {percent(errorShare(red))}
              </td>
              {wide && <td className={`${styles.number} ${styles.wide}`}>{timeText(red.p50Ns)}</td>}
              <td className={styles.number}>{timeText(red.p95Ns)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {measure === 'captured' && <p className={styles.none}>{measureTexts.captured}</p>}
      {data.truncated && <CutOff>Only the busiest {data.operations.length} are shown.</CutOff>}
      {data.notes.map((note) => (
        <CutOff key={note}>{note}</CutOff>
      ))}
    </>
  );
}

/** Of kinds by OTLP's number; those of requests need no word. */
const kinds = ['', 'internal', '', 'client', 'producer', 'consumer'];
