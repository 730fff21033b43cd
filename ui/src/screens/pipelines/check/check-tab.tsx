import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react';
import type {
  ConfigAnswer,
  ConfigCheckAnswer,
  ConfigRemark,
} from '../../../../../query/web/contract/pipelines.ts';
import { ApiError, get } from '../../../api/client.ts';
import { Button } from '../../../parts/button.tsx';
import { CutOff } from '../../../parts/states.tsx';
import { LaneView } from '../lane.tsx';
import { nextPlace, offsetOf, withSuggestion, wordAt } from '../text-marks.ts';
import styles from './check-tab.module.css';
import { Editor, lineHeight, type Mark } from './editor.tsx';
import { Remarks } from './remarks.tsx';
import { useCheck } from './use-check.ts';

/** What is in the editor. */
export interface CheckText {
  readonly text: string;
  /** Whether it is the configuration that runs, as it was loaded. */
  readonly loaded: boolean;
}

type State = readonly [CheckText, (next: CheckText) => void];

/** A text is checked as the program would check it at its start. */
export function CheckTab({ state: [{ text, loaded }, setState] }: { state: State }) {
  const [auto, setAuto] = useState(true);
  const [loading, setLoading] = useState<unknown>();
  const { answer, checked, error, running, check } = useCheck(text, auto);
  const area = useRef<HTMLTextAreaElement>(null);
  const help = useId();
  const setText = (next: string) => setState({ text: next, loaded: false });
  // Places of a text before the last change are about right until it is checked.
  const marks = useMemo(() => marksOf(answer), [answer]);
  const jump = ({ line, column }: { line: number; column: number }) => {
    const element = area.current;
    if (element === null) return;
    const [start, end] = wordAt(text, line, column);
    element.focus();
    element.setSelectionRange(start, end);
    const wanted = (line - 1) * lineHeight - element.clientHeight / 2;
    element.scrollTop = Math.max(0, wanted);
  };
  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      check();
    } else if (event.key === 'F8' && answer !== undefined) {
      event.preventDefault();
      const next = nextPlace(text, answer.faults, event.currentTarget.selectionStart);
      if (next !== undefined) jump(next);
    }
  };
  const load = () =>
    get<ConfigAnswer>('/api/v1/config').then(
      ({ yaml }) => {
        setLoading(undefined);
        setState({ text: yaml, loaded: true });
      },
      (thrown: unknown) => setLoading(thrown),
    );
  const fixOf = (remark: ConfigRemark) => {
    const fixed = withSuggestion(text, remark);
    if (fixed === undefined || checked !== text) return undefined;
    return () => {
      setText(fixed);
      const at = offsetOf(text, remark.line, remark.column);
      area.current?.focus();
      window.requestAnimationFrame(() => area.current?.setSelectionRange(at, at));
    };
  };
  return (
    <div className={styles.tab}>
      <div className={styles.left}>
        <div className={styles.bar}>
          <Button onClick={() => void load()}>Load the running configuration</Button>
          <Button look="primary" onClick={check} disabled={text.trim() === ''}>
            Check
          </Button>
          <label className={styles.auto}>
            <input
              type="checkbox"
              checked={auto}
              onChange={(event) => setAuto(event.target.checked)}
            />
            while I type
          </label>
        </div>
        <Editor
          text={text}
          onChange={setText}
          marks={marks}
          area={area}
          onKeyDown={keys}
          describedBy={help}
        />
        <p id={help} className={styles.help}>
          Ctrl+Enter checks, F8 goes to the next fault. References such as{' '}
          <code>$&#123;env:NAME&#125;</code> are not followed here: nothing is read, and what hangs
          on them is not checked.
          {loaded && ' Secrets of the running configuration are masked.'}
        </p>
      </div>
      <div className={styles.right}>
        <Verdict
          empty={text.trim() === ''}
          answer={answer}
          stale={checked !== text}
          running={running}
          error={error ?? loading}
        />
        {answer !== undefined && text.trim() !== '' && (
          <>
            <Remarks answer={answer} onJump={jump} fixOf={fixOf} />
            <Preview answer={answer} />
          </>
        )}
      </div>
    </div>
  );
}

function marksOf(answer: ConfigCheckAnswer | undefined): readonly Mark[] {
  if (answer === undefined) return [];
  const of = (remarks: readonly ConfigRemark[], look: Mark['look']) =>
    remarks.map(({ line, column, message }) => ({ line, column, message, look }));
  return [
    ...of(answer.unchecked, 'unchecked'),
    ...of(answer.warnings, 'warning'),
    ...of(answer.faults, 'fault'),
  ];
}

function Verdict({
  empty,
  answer,
  stale,
  running,
  error,
}: {
  empty: boolean;
  answer: ConfigCheckAnswer | undefined;
  stale: boolean;
  running: boolean;
  error: unknown;
}) {
  return (
    <div role="status" aria-live="polite" className={styles.verdict} data-testid="config-verdict">
      {verdictOf({ empty, answer, stale, running, error })}
    </div>
  );
}

/** Of each kind, the program tells of so many. */
const mostRemarks = 500;

function verdictOf({
  empty,
  answer,
  stale,
  running,
  error,
}: {
  empty: boolean;
  answer: ConfigCheckAnswer | undefined;
  stale: boolean;
  running: boolean;
  error: unknown;
}) {
  if (error !== undefined) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof ApiError ? error.hint : '';
    return (
      <p className={styles.failed}>
        {message} {hint}
      </p>
    );
  }
  if (empty) {
    return (
      <p className={styles.idle}>
        Type or paste a collector configuration: every fault is shown with its place, and the graph
        that it describes. Nothing is started or changed.
      </p>
    );
  }
  if (answer === undefined) return <p className={styles.idle}>{running ? 'Checking …' : ''}</p>;
  const { faults } = answer;
  const when = stale ? (running ? ' Checking again …' : ' The text has changed since.') : '';
  if (faults.length > 0) {
    const many = faults.length >= mostRemarks ? 'at least ' : '';
    const what =
      faults.length === 1 ? 'There is one fault.' : `There are ${many}${faults.length} faults.`;
    return (
      <p className={styles.bad}>
        {what}
        {when}
      </p>
    );
  }
  const but = answer.unchecked.length > 0 ? ', as far as can be said here' : '';
  return (
    <p className={styles.good}>
      The program takes this configuration{but}.{when}
    </p>
  );
}

/** Pipelines of a text that are drawn. */
const mostLanes = 40;

function Preview({ answer: { graph } }: { answer: ConfigCheckAnswer }) {
  if (graph === null) return null;
  return (
    <section className={styles.preview} aria-label="Graph of the text">
      <h2>Its pipelines</h2>
      {graph.lanes.length > mostLanes && (
        <CutOff>
          The first {mostLanes} of {graph.lanes.length} pipelines are drawn.
        </CutOff>
      )}
      {graph.lanes.slice(0, mostLanes).map((lane) => (
        <LaneView
          key={lane.id}
          lane={lane}
          graph={graph}
          state={undefined}
          readings={[]}
          selection={undefined}
        />
      ))}
    </section>
  );
}
