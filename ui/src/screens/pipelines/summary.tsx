import type { PipelinesAnswer, PipelinesState } from '../../../../query/web/contract/pipelines.ts';
import { bytes, count, duration, percent } from '../../parts/format.ts';
import { alerts, lostItems } from './health.ts';
import { shortName } from './names.ts';
import type { Readings } from './rates.ts';
import { selectNode } from './selection.ts';
import styles from './summary.module.css';

/** The program in a line: version, uptime, memory; and what is in a bad way. */
export function Summary({
  program,
  state,
  readings,
}: {
  program: PipelinesAnswer;
  state: PipelinesState;
  readings: Readings;
}) {
  const up = Number(BigInt(state.nowUnixNano) - BigInt(program.startedUnixNano));
  const { memory } = state;
  const bad = alerts(state, readings);
  return (
    <section className={styles.summary} aria-label="Program">
      <dl className={styles.figures}>
        <Figure term={program.command} text={program.programVersion} />
        <Figure term="up" text={duration(Math.max(0, up))} />
        <Figure
          term="configuration"
          text={program.version === 1 ? 'as started' : `reloaded ${program.version - 1}×`}
        />
        <Figure term="memory" text={bytes(memory.rss)} title="Resident memory of the process" />
        <Figure term="heap" text={bytes(memory.heapUsed)} title="Of V8: objects, not data" />
        <Budget used={memory.budgetUsed} limit={memory.budgetLimit} />
      </dl>
      <p className="visually-hidden" role="status">
        {bad.length === 0
          ? 'Nothing is failing now'
          : `Failing: ${bad.map(({ node }) => shortName(node.name)).join(', ')}`}
      </p>
      <div className={styles.alerts}>
        {bad.length === 0 ? (
          <p className={styles.fine}>Nothing is failing now.</p>
        ) : (
          bad.map(({ node, finding }) => (
            <button
              key={node.name}
              type="button"
              className={styles.alert}
              onClick={() => selectNode(node.name)}
              data-testid="pipeline-alert"
            >
              <strong>{shortName(node.name)}</strong> {finding.text}
              {node.failing !== null && lostItems(node) > 0 && (
                <> · {count(lostItems(node))} dropped</>
              )}
            </button>
          ))
        )}
      </div>
    </section>
  );
}

function Figure({ term, text, title }: { term: string; text: string; title?: string }) {
  return (
    <div className={styles.figure} title={title}>
      <dt>{term}</dt>
      <dd>{text}</dd>
    </div>
  );
}

function Budget({ used, limit }: { used: number; limit: number }) {
  const part = Math.min(1, used / limit);
  return (
    <div
      className={styles.budget}
      title="Bytes of data that the program holds, of what it may hold"
    >
      <dt>data in flight</dt>
      <dd>
        <span className={styles.track}>
          <span
            className={`${styles.fill} ${part > 0.8 ? styles.high : ''}`}
            style={{ width: `${part * 100}%` }}
          />
        </span>
        {bytes(used)} of {bytes(limit)} ({percent(part)})
      </dd>
    </div>
  );
}
