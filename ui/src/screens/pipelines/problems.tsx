import { useState } from 'react';
import type { LogEntry } from '../../../../query/web/contract/pipelines.ts';
import { Button } from '../../parts/button.tsx';
import { ago, count, dateTime } from '../../parts/format.ts';
import { visibleText } from '../../parts/visible-text.ts';
import { shortName } from './names.ts';
import styles from './problems.module.css';
import { selectExtension, selectNode } from './selection.ts';

const firstShown = 10;

/** The newest warnings and errors of the program's log. */
export function Problems({ entries, nowMs }: { entries: readonly LogEntry[]; nowMs: number }) {
  const [all, setAll] = useState(false);
  const shown = all ? entries : entries.slice(0, firstShown);
  return (
    <section className={styles.problems} aria-label="Recent warnings and errors">
      <h2>Recent warnings and errors</h2>
      {entries.length === 0 ? (
        <p className={styles.none}>None since the program started.</p>
      ) : (
        <ul className={styles.list} data-testid="pipeline-log">
          {shown.map((entry) => (
            <Entry key={entry.id} entry={entry} nowMs={nowMs} />
          ))}
        </ul>
      )}
      {entries.length > firstShown && (
        <Button look="quiet" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show ${entries.length - firstShown} more`}
        </Button>
      )}
    </section>
  );
}

function Entry({ entry, nowMs }: { entry: LogEntry; nowMs: number }) {
  const { level, node, message, fields, count: times, firstUnixNano, lastUnixNano } = entry;
  const error = fields.find(({ key }) => key === 'error');
  const others = fields.filter(({ key }) => key !== 'error');
  return (
    <li className={styles.entry}>
      <span className={`${styles.level} ${styles[level]}`}>{level}</span>
      <time className={styles.when} title={`first ${dateTime(firstUnixNano)}`}>
        {ago(lastUnixNano, nowMs)}
      </time>
      <span className={styles.times}>{times > 1 ? `${count(times)}×` : ''}</span>
      <div className={styles.what}>
        {node !== '' && (
          <button type="button" className={styles.node} onClick={() => select(node)}>
            {shortName(node)}
          </button>
        )}
        <span>{visibleText(message)}</span>
        {error !== undefined && <span className={styles.error}>{visibleText(error.value)}</span>}
        {others.length > 0 && (
          <span className={styles.fields}>
            {others.map(({ key, value }) => `${key}=${visibleText(value)}`).join('  ')}
          </span>
        )}
      </div>
    </li>
  );
}

function select(node: string): void {
  if (node.startsWith('extension/')) selectExtension(node.slice('extension/'.length));
  else selectNode(node);
}
