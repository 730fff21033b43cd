import { useEffect, useRef } from 'react';
import type { SpanDetails, TraceOutline } from '../../../../query/web/contract/trace.ts';
import { useLoad } from '../../api/use-load.ts';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { dateTime, duration, percent } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { ServiceDot } from '../../parts/service-dot.tsx';
import { Failed, Loading } from '../../parts/states.tsx';
import { visibleText } from '../../parts/visible-text.ts';
import { getJson, getSpan, type TraceRef } from './api.ts';
import { AttributeGroups } from './attributes.tsx';
import styles from './details.module.css';
import { Events, Links } from './events-and-links.tsx';
import {
  kindNames,
  markText,
  ruleText,
  sourceNames,
  statusNames,
  unlinkedText,
} from './model/row-text.ts';

interface DetailsProps {
  readonly outline: TraceOutline;
  readonly traceRef: TraceRef;
  readonly index: number;
  readonly goTo: (index: number, spanId?: string) => void;
  readonly close: () => void;
}

/** All that one span says. */
export function Details({ outline, traceRef, index, goTo, close }: DetailsProps) {
  const panel = useRef<HTMLElement>(null);
  const key = `span ${traceRef.id} ${traceRef.version} ${index}`;
  const { data, error, reload } = useLoad(key, (signal) => getSpan(traceRef, index, signal));
  const changed = data !== undefined && data.version !== traceRef.version;
  return (
    <aside
      ref={panel}
      className={styles.details}
      aria-label="Span details"
      data-testid="span-details"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <Button look="quiet" className={styles.close} aria-label="Close details" onClick={close}>
        ✕
      </Button>
      {error !== undefined && <Failed error={error} retry={reload} />}
      {changed && <p className={styles.note}>The trace has changed: reload it to see its spans.</p>}
      {data === undefined && error === undefined && <Loading what="the span" />}
      {data !== undefined && !changed && (
        <Span details={data} outline={outline} traceRef={traceRef} goTo={goTo} />
      )}
    </aside>
  );
}

interface SpanProps extends Pick<DetailsProps, 'outline' | 'traceRef' | 'goTo'> {
  readonly details: SpanDetails;
}

function Span({ details, outline, traceRef, goTo }: SpanProps) {
  const { row, events, links, scope, dropped } = details;
  const startNs = outline.startUnixNano;
  const service = outline.services[row.service]?.name ?? '';
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  if (row.missing) return <Missing details={details} />;
  const copyJson = () =>
    getJson(traceRef, row.spanId).then((json) => JSON.stringify(json, undefined, 2));
  return (
    <>
      <h2 ref={heading} className={styles.title}>
        <ServiceDot name={service} />
        <Name text={row.name} />
      </h2>
      <p className={styles.sub}>
        <Name text={service} empty="(no service)" />
      </p>
      <Times details={details} goTo={goTo} outline={outline} />
      {details.statusMessage !== '' && (
        <p className={row.status === 2 ? styles.error : styles.note}>
          <bdi>{visibleText(details.statusMessage)}</bdi>
        </p>
      )}
      {row.marks.map((mark) => (
        <p key={mark} className={styles.note}>
          {markText(mark)}
        </p>
      ))}
      <Stitching details={details} />
      <div className={styles.actions}>
        <CopyButton look="plain" text={row.spanId}>
          Copy span id
        </CopyButton>
        <CopyButton look="plain" text={copyJson}>
          Copy as JSON
        </CopyButton>
      </div>
      <AttributeGroups
        title="Attributes"
        groups={details.attributes}
        dropped={dropped.attributes}
        startNs={startNs}
      />
      <Events events={events} dropped={dropped.events} startNs={startNs} />
      <Links links={links} dropped={dropped.links} startNs={startNs} />
      <AttributeGroups
        title="Resource"
        groups={details.resource}
        dropped={0}
        startNs={startNs}
        shut
      />
      {scope.name !== '' && (
        <p className={styles.scope}>
          Instrumentation: <Name text={scope.name} /> <Name text={scope.version} empty="" />
        </p>
      )}
    </>
  );
}

function Missing({ details }: { details: SpanDetails }) {
  const { row } = details;
  return (
    <>
      <h2 className={styles.title}>Parent not stored</h2>
      <p className={styles.note}>
        {row.below === 1 ? 'One span names' : `${row.below} spans below name, or lead to,`} the span{' '}
        <code>{row.spanId}</code> as parent. It has not come, was sampled away, or is older than
        what is kept.
      </p>
      <div className={styles.actions}>
        <CopyButton look="plain" text={row.spanId}>
          Copy span id
        </CopyButton>
      </div>
    </>
  );
}

function Times({ details, outline, goTo }: Omit<SpanProps, 'traceRef'>) {
  const { row, parentIndex } = details;
  const critical = row.critical.reduce((sum, at, i) => sum + (i % 2 === 0 ? -at : at), 0);
  const off = row.marks.includes('off_axis');
  return (
    <dl className={styles.times}>
      <Time name="Duration" value={duration(row.durationNs)} />
      <Time name="Self" value={`${duration(row.selfNs)}${part(row.selfNs, row.durationNs)}`} />
      <Time
        name="On critical path"
        value={critical === 0 ? 'no' : `${duration(critical)}${part(critical, outline.durationNs)}`}
      />
      <Time name="Starts" value={off ? 'elsewhere' : `${duration(row.startNs)} into the trace`} />
      <Time name="At" value={dateTime(details.startUnixNano)} />
      <Time name="Kind" value={kindNames[row.kind] ?? String(row.kind)} />
      <Time name="Status" value={statusNames[row.status] ?? String(row.status)} />
      <Time name="Span id" value={row.spanId} mono />
      <div>
        <dt>Parent</dt>
        <dd>
          {parentIndex === null ? (
            <code>{details.parentSpanId || 'none'}</code>
          ) : (
            <button
              type="button"
              className={styles.link}
              onClick={() => goTo(parentIndex, details.parentSpanId)}
            >
              <code>{details.parentSpanId}</code>
            </button>
          )}
        </dd>
      </div>
      {details.traceState !== '' && <Time name="Trace state" value={details.traceState} mono />}
    </dl>
  );
}

function Time({ name, value, mono = false }: { name: string; value: string; mono?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{mono ? <code>{value}</code> : value}</dd>
    </div>
  );
}

function part(of: number, all: number): string {
  return all > 0 && of > 0 ? ` (${percent(of / all)})` : '';
}

/** Who saw a captured span, and why it hangs where it does. */
function Stitching({ details }: { details: SpanDetails }) {
  const { row, stitching } = details;
  if (row.source === 'application' && stitching === null) return null;
  const { rule = '', evidence = '', unlinked = '', storedTraceId = '' } = stitching ?? {};
  return (
    <section className={styles.stitching} aria-label="Stitching">
      <h3>Where it comes from</h3>
      <p>
        Seen by {sourceNames[row.source]}
        {row.point !== '' && (
          <>
            {' '}
            at <code>{row.point}</code>
          </>
        )}
        .
      </p>
      {rule !== '' && (
        <p>
          Linked to its parent by <code>{rule}</code>: {ruleText(rule)}
          {evidence !== '' && (
            <>
              {' '}
              (<code className={styles.evidence}>{evidence}</code>)
            </>
          )}
          .
        </p>
      )}
      {unlinked !== '' && (
        <p>
          Not linked, <code>{unlinked}</code>: {unlinkedText(unlinked)}.
        </p>
      )}
      {storedTraceId !== '' && (
        <p>
          Stored in trace <code>{storedTraceId}</code>
          {stitching?.storedParentSpanId ? (
            <>
              {' '}
              below <code>{stitching.storedParentSpanId}</code>
            </>
          ) : (
            ' without a parent'
          )}
          .
        </p>
      )}
    </section>
  );
}
