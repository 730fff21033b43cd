import type { TraceOutline } from '../../../../query/web/contract/trace.ts';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { count, dateTime, duration } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { ServiceDot } from '../../parts/service-dot.tsx';
import { getSql, jsonUrl, type TraceRef } from './api.ts';
import type { TraceView } from './model/view-state.ts';
import styles from './trace.module.css';

interface HeaderProps {
  readonly outline: TraceOutline;
  readonly traceRef: TraceRef;
  readonly view: TraceView;
}

/** What trace it is, in one line, and what can be taken away of it. */
export function TraceHeader({ outline, traceRef, view }: HeaderProps) {
  const { root, services } = outline;
  const service = root === null ? '' : (services[root.service]?.name ?? '');
  return (
    <header className={styles.header}>
      <h1 className={styles.title}>
        {root !== null && <ServiceDot name={service} />}
        {root !== null && <Name text={service} empty="(no service)" />}
        <Name text={root?.name ?? ''} empty="(no spans)" />
      </h1>
      <div className={styles.actions}>
        <CopyButton look="quiet" text={() => window.location.href}>
          Copy link
        </CopyButton>
        <CopyButton look="quiet" text={outline.traceId}>
          Copy id
        </CopyButton>
        <CopyButton look="quiet" text={() => getSql(traceRef, view.span).then(({ sql }) => sql)}>
          Copy SQL
        </CopyButton>
        <Button look="quiet" onClick={() => download(jsonUrl(traceRef), outline.traceId)}>
          Download JSON
        </Button>
      </div>
      <Facts outline={outline} />
    </header>
  );
}

function Facts({ outline }: { outline: TraceOutline }) {
  const { spanCount, errorCount, services, depth, ids } = outline;
  return (
    <dl className={styles.facts}>
      <Fact name="Started" value={dateTime(outline.startUnixNano)} />
      <Fact name="Took" value={duration(outline.durationNs)} />
      <Fact name="Spans" value={count(spanCount)} />
      <div className={errorCount > 0 ? styles.bad : undefined}>
        <dt>Errors</dt>
        <dd>{count(errorCount)}</dd>
      </div>
      <Fact name="Services" value={count(services.length)} />
      <Fact name="Levels" value={count(depth)} />
      {ids.length > 1 && <Fact name="Stitched of" value={`${ids.length} traces`} />}
      <div className={styles.id}>
        <dt>Id</dt>
        <dd>
          <code>{outline.traceId}</code>
        </dd>
      </div>
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** As a file: the answer says that it is one. */
function download(url: string, id: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = `trace-${id}.json`;
  link.click();
}
