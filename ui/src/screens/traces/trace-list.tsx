import { memo, useMemo } from 'react';
import type { FoundService, FoundTrace } from '../../../../query/web/contract/traces.ts';
import { href, Link } from '../../app/router.tsx';
import { ago, count, date, dateTime, duration, timeOfDay } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { ServiceDot } from '../../parts/service-dot.tsx';
import { missing } from './order.ts';
import { decadesOf, partOf } from './scatter-scale.ts';
import styles from './trace-list.module.css';

/** Services of a row that are named; the others are counted. */
const named = 3;

/** The found traces, one link each. Told which one the pointer is on. */
export const TraceList = memo(function TraceList({
  traces,
  nowMs,
  onPoint,
}: {
  traces: readonly FoundTrace[];
  nowMs: number;
  onPoint: (traceId: string | undefined) => void;
}) {
  const decades = useMemo(() => decadesOf(traces.map((trace) => trace.durationNs)), [traces]);
  const today = date(`${nowMs}000000`);
  return (
    <div className={styles.table}>
      <div className={styles.head} aria-hidden="true">
        <span>Start</span>
        <span>Root</span>
        <span>Services</span>
        <span className={styles.number}>Spans</span>
        <span className={styles.number}>Errors</span>
        <span>
          Duration <span className={styles.ago}>logarithmic</span>
        </span>
      </div>
      <ol
        className={styles.list}
        aria-label="Found traces"
        onPointerOver={(event) => {
          const row = (event.target as Element).closest<HTMLElement>('[data-trace]');
          onPoint(row?.dataset.trace);
        }}
        onPointerLeave={() => onPoint(undefined)}
      >
        {traces.map((trace) => (
          <li key={trace.traceId}>
            <Row trace={trace} decades={decades} nowMs={nowMs} today={today} />
          </li>
        ))}
      </ol>
    </div>
  );
});

function Row({
  trace,
  decades,
  nowMs,
  today,
}: {
  trace: FoundTrace;
  decades: ReturnType<typeof decadesOf>;
  nowMs: number;
  today: string;
}) {
  const { startUnixNano: start, durationNs, spans, errors } = trace;
  const lost = missing(trace);
  const width = `${Math.max(1, partOf(decades, durationNs) * 100)}%`;
  const day = date(start);
  return (
    <Link
      className={styles.row}
      to={href(`/trace/${trace.traceId}`)}
      data-trace={trace.traceId}
      data-testid="found-trace"
    >
      <span className={styles.start} title={dateTime(start)}>
        {day !== today && <span className={styles.day}>{day} </span>}
        {timeOfDay(start)}
        <span className={styles.ago}>{ago(start, nowMs)}</span>
      </span>
      <span className={styles.root}>
        {trace.hasRoot ? (
          <>
            <ServiceDot name={trace.rootService} />
            <span className={styles.service}>
              <Name text={trace.rootService} empty="(no service)" />
            </span>
            <Name text={trace.rootOperation} />
          </>
        ) : (
          <>
            <ServiceDot name={trace.services[0]?.name ?? ''} />
            <Name text={trace.services[0]?.name ?? ''} empty="(no service)" />
          </>
        )}
        {lost !== '' && (
          <span className={styles.incomplete} title={lost}>
            incomplete
          </span>
        )}
      </span>
      <span className={styles.services}>
        {trace.services.slice(0, named).map((one) => (
          <Service key={one.name} service={one} />
        ))}
        {trace.serviceCount > named && (
          <span className={styles.more}>+{trace.serviceCount - named}</span>
        )}
      </span>
      <span className={styles.number}>
        {count(spans)}
        <span className={styles.unit}>{spans === 1 ? ' span' : ' spans'}</span>
      </span>
      <span className={`${styles.number} ${errors > 0 ? styles.failed : styles.none}`}>
        {count(errors)}
        <span className={styles.unit}>{errors === 1 ? ' error' : ' errors'}</span>
      </span>
      <span className={styles.duration}>
        <span className={styles.track} aria-hidden="true">
          <span className={errors > 0 ? styles.failedBar : styles.bar} style={{ width }} />
        </span>
        <span className={styles.length}>{duration(durationNs)}</span>
      </span>
    </Link>
  );
}

function Service({ service: { name, spans, errors } }: { service: FoundService }) {
  const faulty = errors > 0 ? `, ${count(errors)} with errors` : '';
  return (
    <span className={styles.chip} title={`${count(spans)} spans${faulty}`}>
      <ServiceDot name={name} />
      <Name text={name} empty="(no service)" />
      <span className={errors > 0 ? styles.failed : styles.ago}>{count(spans)}</span>
    </span>
  );
}
