import type { TraceOutline } from '../../../../query/web/contract/trace.ts';
import { useLoad } from '../../api/use-load.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { CutOff, Empty, Failed, Loading } from '../../parts/states.tsx';
import { visibleText } from '../../parts/visible-text.ts';
import { getJson, jsonUrl, type TraceRef } from './api.ts';
import styles from './trace.module.css';

/** Traces with more spans are shown a span at a time. */
const mostSpans = 300;
/** Characters that are shown. */
const mostChars = 1_000_000;

interface JsonViewProps {
  readonly outline: TraceOutline;
  readonly traceRef: TraceRef;
  /** Span id, '' = the whole trace. */
  readonly span: string;
}

/** OTLP/JSON, as other programs read it. */
export function JsonView({ outline, traceRef, span }: JsonViewProps) {
  const { spanCount } = outline;
  const whole = spanCount <= mostSpans;
  const asked = whole ? '' : span;
  const key = whole || span !== '' ? `json ${traceRef.id} ${traceRef.version} ${asked}` : '';
  const { data, error, reload } = useLoad(key, (signal) => getJson(traceRef, asked, signal));
  if (key === '') {
    return (
      <Empty title={`${spanCount.toLocaleString()} spans are too many to read here`}>
        Choose a span in the waterfall to see its JSON, or{' '}
        <a className={styles.inText} href={jsonUrl(traceRef)}>
          download the whole trace
        </a>
        .
      </Empty>
    );
  }
  if (error !== undefined) return <Failed error={error} retry={reload} />;
  if (data === undefined) return <Loading what="the JSON" />;
  const text = JSON.stringify(data, undefined, 2);
  return (
    <div className={styles.json}>
      <div className={styles.jsonBar}>
        <span>{whole ? 'OTLP/JSON of the trace' : `OTLP/JSON of span ${span}`}</span>
        <CopyButton text={text}>Copy</CopyButton>
      </div>
      {text.length > mostChars && (
        <CutOff>
          The first {mostChars.toLocaleString()} characters are shown; Copy and Download have all.
        </CutOff>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that it can be scrolled by keys */}
      <section className={styles.text} tabIndex={0} aria-label="JSON">
        <pre>{text.slice(0, mostChars).split('\n').map(visibleText).join('\n')}</pre>
      </section>
    </div>
  );
}
