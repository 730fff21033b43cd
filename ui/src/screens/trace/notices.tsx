import { useState } from 'react';
import type { TraceOutline, TraceWarning } from '../../../../query/web/contract/trace.ts';
import { useLoad } from '../../api/use-load.ts';
import { setParams } from '../../app/router.tsx';
import { Button } from '../../parts/button.tsx';
import { CutOff } from '../../parts/states.tsx';
import { getGrowth, type TraceRef } from './api.ts';
import { warningText } from './model/row-text.ts';
import type { TraceView } from './model/view-state.ts';
import styles from './trace.module.css';

interface NoticesProps {
  readonly outline: TraceOutline;
  readonly traceRef: TraceRef;
  readonly view: TraceView;
  readonly goTo: (index: number) => void;
  readonly renew: () => void;
}

/** What there is to know before the rows are believed. */
export function Notices({ outline, traceRef, view, goTo, renew }: NoticesProps) {
  const { truncated, warnings, spanCount } = outline;
  const skewed = warnings.some(({ kind }) => kind === 'before_parent');
  return (
    <div className={styles.notices}>
      {truncated && (
        <CutOff>
          Only {spanCount.toLocaleString()} spans are shown: there are more than are read of one
          trace, or joining was cut off. Copy SQL gives a statement that finds all of them.
        </CutOff>
      )}
      {(warnings.length > 0 || view.adjust) && (
        <ul className={styles.warnings} aria-label="Warnings">
          {warnings.map((warning) => (
            <Warning key={warning.kind} warning={warning} goTo={goTo} />
          ))}
          {(skewed || view.adjust) && (
            <li>
              <Button
                look="quiet"
                aria-pressed={view.adjust}
                onClick={() => setParams({ adjust: view.adjust ? '' : '1', zoom: '' })}
              >
                {view.adjust ? 'Show times as stored' : 'Adjust clocks'}
              </Button>
            </li>
          )}
        </ul>
      )}
      <Growth outline={outline} traceRef={traceRef} renew={renew} />
    </div>
  );
}

function Warning({ warning, goTo }: { warning: TraceWarning; goTo: (index: number) => void }) {
  const { first } = warning;
  const text = warningText(warning);
  return (
    <li>
      {first === null ? (
        <span>{text}</span>
      ) : (
        <button type="button" className={styles.warning} onClick={() => goTo(first)}>
          {text}
        </button>
      )}
    </li>
  );
}

/** A trace that ended longer ago than this does not grow, ns. */
const settledNs = 120_000_000_000n;
const pollMs = 5_000;
/** It is asked no longer than this. */
const patienceMs = 300_000;

function Growth({
  outline,
  traceRef,
  renew,
}: Pick<NoticesProps, 'outline' | 'traceRef' | 'renew'>) {
  const [opened] = useState(() => Date.now());
  const end = BigInt(outline.startUnixNano) + BigInt(Math.ceil(outline.durationNs));
  const young = BigInt(outline.nowUnixNano) - end < settledNs;
  const asked = young && Date.now() - opened < patienceMs;
  const key = asked ? `growth ${traceRef.id} ${traceRef.version}` : '';
  const { data } = useLoad(key, (signal) => getGrowth(traceRef, signal), { pollMs });
  const more = data?.more ?? 0;
  return (
    <div aria-live="polite" className={more > 0 ? styles.growth : undefined}>
      {more > 0 && (
        <>
          {more === 1 ? '1 new span has come.' : `${more.toLocaleString()} new spans have come.`}{' '}
          <Button onClick={renew}>Reload</Button>
        </>
      )}
    </div>
  );
}
