import type { PipelinesAnswer, PipelinesState } from '../../../../query/web/contract/pipelines.ts';
import { useRoute } from '../../app/router.tsx';
import { millis } from '../../parts/format.ts';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { LaneView } from './lane.tsx';
import { ExtensionPanel, NodePanel } from './node-panel.tsx';
import { Problems } from './problems.tsx';
import type { Readings } from './rates.ts';
import styles from './running.module.css';
import { type Selection, selectExtension, selectionOf } from './selection.ts';
import { Summary } from './summary.tsx';
import { TapPanel } from './tap-panel.tsx';
import { useLog, useStateOfProgram } from './use-state-of-program.ts';

/** The configuration that runs, with its numbers. */
export function Running() {
  const { graph, state, readings } = useStateOfProgram();
  const log = useLog(state.data?.startedUnixNano ?? '');
  const { params } = useRoute();
  const selection = selectionOf(params);
  if (state.data === undefined || graph.data === undefined) {
    const error = state.error ?? graph.error;
    if (error === undefined) return <Loading what="the pipelines" />;
    return <Failed error={error} retry={state.data === undefined ? state.reload : graph.reload} />;
  }
  const [program, now] = [graph.data, state.data];
  return (
    <div className={`${styles.split} ${selection === undefined ? '' : styles.open}`}>
      <div className={styles.main}>
        {state.error !== undefined && (
          <p className={styles.stale} role="alert">
            The program does not answer: these are the numbers of before.
          </p>
        )}
        <Summary program={program} state={now} readings={readings} />
        <div className={styles.lanes}>
          {program.graph.lanes.map((lane) => (
            <LaneView
              key={lane.id}
              lane={lane}
              graph={program.graph}
              state={now}
              readings={readings}
              selection={selection}
            />
          ))}
          {program.graph.lanes.length === 0 && (
            <Empty title="No pipelines">
              The configuration has none: only its extensions run. Add one below service::pipelines.
            </Empty>
          )}
        </div>
        <Extensions program={program} />
        <Problems entries={log} nowMs={millis(now.nowUnixNano)} />
      </div>
      <Selected selection={selection} program={program} state={now} readings={readings} />
    </div>
  );
}

function Extensions({ program }: { program: PipelinesAnswer }) {
  if (program.extensions.length === 0) return null;
  return (
    <section className={styles.extensions} aria-label="Extensions">
      <h2>Extensions</h2>
      {program.extensions.map(({ id }) => (
        <button
          key={id}
          type="button"
          className={styles.extension}
          onClick={() => selectExtension(id)}
        >
          {id}
        </button>
      ))}
    </section>
  );
}

function Selected({
  selection,
  program,
  state,
  readings,
}: {
  selection: Selection;
  program: PipelinesAnswer;
  state: PipelinesState;
  readings: Readings;
}) {
  if (selection === undefined) return null;
  if (selection.kind === 'extension') {
    return <ExtensionPanel name={selection.name} program={program} />;
  }
  if (selection.kind === 'edge') {
    // Another start of the program is looked at anew.
    const run = state.startedUnixNano;
    return <TapPanel key={run} edge={selection.edge} state={state} readings={readings} />;
  }
  const { name } = selection;
  return <NodePanel name={name} program={program} state={state} readings={readings} />;
}
