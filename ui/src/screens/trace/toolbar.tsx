import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';
import type { TraceOutline } from '../../../../query/web/contract/trace.ts';
import { setParams } from '../../app/router.tsx';
import { Button } from '../../parts/button.tsx';
import { hasFilter, type TraceView, type ViewName, views } from './model/view-state.ts';
import styles from './trace.module.css';
import type { Find } from './use-find.ts';

const labels: Readonly<Record<ViewName, string>> = {
  waterfall: 'Waterfall',
  spans: 'Spans',
  operations: 'Operations',
  json: 'JSON',
};

interface ToolbarProps {
  readonly outline: TraceOutline;
  readonly view: TraceView;
  readonly find: Find;
  readonly findBox: RefObject<HTMLInputElement | null>;
  readonly help: () => void;
}

/** Views of the trace, and what is looked for in it. */
export function Toolbar({ outline, view, find, findBox, help }: ToolbarProps) {
  const flip = (name: 'errors' | 'critical' | 'only', on: boolean) =>
    setParams({ [name]: on ? '' : '1' }, { replace: true });
  const rows = view.view === 'waterfall' || view.view === 'spans';
  return (
    <div className={styles.toolbar}>
      <nav className={styles.tabs} aria-label="Views of the trace">
        {views.map((name) => (
          <Button
            key={name}
            look="quiet"
            aria-pressed={view.view === name}
            onClick={() => setParams({ view: name === 'waterfall' ? '' : name })}
          >
            {labels[name]}
          </Button>
        ))}
      </nav>
      {rows && (
        <search className={styles.find}>
          <FindBox text={view.text} box={findBox} find={find} />
          <Matches view={view} find={find} />
          <Button
            look="quiet"
            aria-pressed={view.errors}
            disabled={outline.errorCount === 0 && !view.errors}
            onClick={() => flip('errors', view.errors)}
          >
            Errors
          </Button>
          <Button
            look="quiet"
            aria-pressed={view.critical}
            onClick={() => flip('critical', view.critical)}
          >
            Critical path
          </Button>
          {(hasFilter(view) || view.only) && (
            <Button look="quiet" aria-pressed={view.only} onClick={() => flip('only', view.only)}>
              Only matches
            </Button>
          )}
        </search>
      )}
      {rows && outline.errorCount > 0 && view.view === 'waterfall' && (
        <Button look="quiet" title="Next error (key e)" onClick={() => find.stepError('next')}>
          Next error
        </Button>
      )}
      <Button
        look="quiet"
        className={styles.help}
        aria-label="Keys"
        title="Keys (?)"
        onClick={help}
      >
        ?
      </Button>
    </div>
  );
}

interface FindBoxProps {
  readonly text: string;
  readonly box: RefObject<HTMLInputElement | null>;
  readonly find: Find;
}

/** Typing rests so long before it goes into the address, ms. */
const restMs = 200;

function FindBox({ text, box, find }: FindBoxProps) {
  const [typed, setTyped] = useState(text);
  const timer = useRef(0);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const apply = (value: string) => setParams({ find: value }, { replace: true });
  const keyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      window.clearTimeout(timer.current);
      if (typed === text) find.step(event.shiftKey ? 'previous' : 'next');
      else apply(typed);
    } else if (event.key === 'Escape') {
      if (typed === '') box.current?.blur();
      setTyped('');
      apply('');
    }
  };
  return (
    <input
      ref={box}
      type="search"
      className={styles.box}
      aria-label="Find in the trace: names, attributes, ids"
      placeholder="Find in trace  ( / )"
      value={typed}
      maxLength={1000}
      spellCheck={false}
      onKeyDown={keyDown}
      onChange={(event) => {
        const { value } = event.target;
        setTyped(value);
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => apply(value), restMs);
      }}
    />
  );
}

function Matches({ view, find }: { view: TraceView; find: Find }) {
  if (!hasFilter(view)) return null;
  const { answer, error } = find;
  const total = answer?.total ?? 0;
  const text =
    error !== undefined
      ? 'cannot search'
      : answer === undefined
        ? '…'
        : answer.ordinal === 0
          ? `${total.toLocaleString()} found`
          : `${answer.ordinal.toLocaleString()} of ${total.toLocaleString()}`;
  return (
    <>
      <span className={styles.matches} aria-live="polite" data-testid="matches">
        {text}
      </span>
      {view.view === 'waterfall' && (
        <>
          <Button
            look="quiet"
            aria-label="Previous match"
            title="Previous match (p)"
            disabled={total === 0}
            onClick={() => find.step('previous')}
          >
            ↑
          </Button>
          <Button
            look="quiet"
            aria-label="Next match"
            title="Next match (n)"
            disabled={total === 0}
            onClick={() => find.step('next')}
          >
            ↓
          </Button>
        </>
      )}
      <Button
        look="quiet"
        aria-label="Look for nothing"
        title="Clear"
        onClick={() =>
          setParams(
            { find: '', service: '', operation: '', errors: '', critical: '', only: '' },
            { replace: true },
          )
        }
      >
        ✕
      </Button>
    </>
  );
}
