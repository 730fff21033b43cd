import {
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
} from 'react';
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
  const typing = useTyping(view.text);
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
          <FindBox text={view.text} typing={typing} box={findBox} find={find} />
          <Matches view={view} find={find} drop={() => typing.drop('')} />
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

/** Typing rests so long before it goes into the address, ms. */
const restMs = 200;

interface Typing {
  /** What stands in the box. */
  readonly typed: string;
  /** Goes into the address when typing rests. */
  readonly type: (value: string) => void;
  /** Goes into the address now. */
  readonly apply: (value: string) => void;
  /** What has not gone into the address does not go there; `value` stands in the box instead. */
  readonly drop: (value: string) => void;
}

/** @param text what the address says; where that changes, it counts for more than what was typed */
function useTyping(text: string): Typing {
  const [typed, setTyped] = useState(text);
  const timer = useRef(0);
  const drop = useCallback((value: string) => {
    window.clearTimeout(timer.current);
    setTyped(value);
  }, []);
  useEffect(() => drop(text), [drop, text]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const apply = (value: string) => {
    drop(value);
    setParams({ find: value }, { replace: true });
  };
  const type = (value: string) => {
    drop(value);
    timer.current = window.setTimeout(() => apply(value), restMs);
  };
  return { typed, type, apply, drop };
}

interface FindBoxProps {
  readonly text: string;
  readonly typing: Typing;
  readonly box: RefObject<HTMLInputElement | null>;
  readonly find: Find;
}

function FindBox({ text, typing, box, find }: FindBoxProps) {
  const { typed, type, apply } = typing;
  const keyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      if (typed === text) find.step(event.shiftKey ? 'previous' : 'next');
      else apply(typed);
    } else if (event.key === 'Escape') {
      if (typed === '') box.current?.blur();
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
      onChange={(event) => type(event.target.value)}
    />
  );
}

interface MatchesProps {
  readonly view: TraceView;
  readonly find: Find;
  /** Empties the box. */
  readonly drop: () => void;
}

function Matches({ view, find, drop }: MatchesProps) {
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
        onClick={() => {
          drop();
          setParams(
            { find: '', service: '', operation: '', errors: '', critical: '', only: '' },
            { replace: true },
          );
        }}
      >
        ✕
      </Button>
    </>
  );
}
