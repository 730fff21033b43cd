import { useState } from 'react';
import type { GraphEdge, PipelinesState } from '../../../../query/web/contract/pipelines.ts';
import { Button } from '../../parts/button.tsx';
import { TextField } from '../../parts/field.tsx';
import { bytes, count, rate, timeOfDay } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { visibleText } from '../../parts/visible-text.ts';
import { shortName } from './names.ts';
import panel from './panel.module.css';
import { Panel } from './panel.tsx';
import { edgeKey, type Readings, rateOf } from './rates.ts';
import { type ItemRow, matches, type Pair } from './sample-rows.ts';
import styles from './tap-panel.module.css';
import { type SeenSample, type Tap, useTap } from './use-tap.ts';

/** What passes an edge, live. */
export function TapPanel({
  edge,
  state,
  readings,
}: {
  edge: GraphEdge;
  state: PipelinesState;
  readings: Readings;
}) {
  const tap = useTap(edge);
  const [filter, setFilter] = useState('');
  const key = edgeKey(edge);
  const numbers = state.edges.find((one) => edgeKey(one) === key);
  const now = rateOf(readings, key);
  return (
    <Panel kind="what passes" title={`${shortName(edge.from)} → ${shortName(edge.to)}`}>
      <p className={panel.text}>
        {now === undefined ? '' : `${rate(now)}, `}
        {count(numbers?.items ?? 0)} items since the start
      </p>
      {numbers?.refused.map(({ status, items, retryable, message }) => (
        <p key={`${status} ${retryable}`} className={`${panel.finding} ${panel.warn}`}>
          {`${count(items)} refused with ${status}`}
          {retryable ? ' (may be sent again): ' : ' (for good): '}
          {message}
        </p>
      ))}
      <Controls tap={tap} />
      <TextField
        label="Show only items with"
        placeholder="text, or key=value"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      <Status tap={tap} />
      <div className={styles.samples}>
        {isHidden(tap, filter) && <p className={panel.text}>Nothing seen so far has this.</p>}
        {tap.samples.map((seen) => (
          <Sample key={seen.id} seen={seen} filter={filter} />
        ))}
      </div>
    </Panel>
  );
}

/** Whether the filter leaves nothing of what was seen. */
function isHidden({ samples }: Tap, filter: string): boolean {
  if (filter.trim() === '' || samples.length === 0) return false;
  return !samples.some(({ rows }) => rows.some((row) => matches(row, filter)));
}

function Controls({ tap }: { tap: Tap }) {
  const running = tap.status === 'live' || tap.status === 'connecting';
  return (
    <div className={styles.controls}>
      {running ? (
        <>
          <Button aria-pressed={tap.paused} onClick={() => tap.setPaused(!tap.paused)}>
            {tap.paused ? `Go on (${tap.waiting} new)` : 'Pause'}
          </Button>
          <Button onClick={tap.stop}>Stop</Button>
        </>
      ) : (
        <Button look="primary" onClick={tap.start}>
          Start again
        </Button>
      )}
      {tap.status === 'live' && (
        <span className={`${styles.live} ${tap.paused ? styles.still : ''}`}>
          {tap.paused ? 'paused' : 'live'}
        </span>
      )}
    </div>
  );
}

function Status({ tap }: { tap: Tap }) {
  const { opened } = tap;
  const most =
    opened === undefined
      ? ''
      : `At most ${opened.batchesPerSecond} batches a second and ${opened.itemsPerBatch} items of each are shown. Secrets are masked.`;
  const empty = tap.samples.length === 0;
  return (
    <p className={panel.note} role="status">
      {tap.status === 'connecting' && 'Connecting …'}
      {tap.status === 'failed' &&
        'The stream has ended: the program may have stopped, this edge may be gone with a reload, or eight others look already.'}
      {tap.status === 'stopped' && 'Stopped: nothing is looked at.'}
      {tap.status === 'live' && empty && `Nothing has passed yet. ${most}`}
      {tap.status === 'live' && !empty && most}
    </p>
  );
}

function Sample({ seen, filter }: { seen: SeenSample; filter: string }) {
  const { sample, rows } = seen;
  const shown = rows.filter((row) => matches(row, filter));
  if (filter.trim() !== '' && shown.length === 0) return null;
  const unseen = sample.passedBatches > 0 ? `${count(sample.passedBatches)} batches unseen` : '';
  const lost = sample.missed > 0 ? `${sample.missed} samples lost: this page is slow` : '';
  return (
    <article className={styles.sample} data-testid="tap-sample">
      <header className={styles.sampleHead}>
        <time>{timeOfDay(sample.atUnixNano)}</time>
        <span>
          {count(sample.items)} {sample.items === 1 ? 'item' : 'items'}, {bytes(sample.bytes)}
        </span>
        {sample.masked > 0 && <span className={styles.masked}>{sample.masked} masked</span>}
        {[unseen, lost].filter(Boolean).map((text) => (
          <span key={text}>{text}</span>
        ))}
      </header>
      {sample.refused !== '' && <p className={styles.refused}>refused: {sample.refused}</p>}
      {sample.otlp === null && (
        <p className={panel.note}>Its items are too large to be shown here.</p>
      )}
      {shown.map((row, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a sample do not move
        <Row key={i} row={row} />
      ))}
      {sample.shown > 0 && sample.items > sample.shown && (
        <p className={panel.note}>and {count(sample.items - sample.shown)} more</p>
      )}
    </article>
  );
}

function Row({ row }: { row: ItemRow }) {
  return (
    <details className={styles.row}>
      <summary className={row.isError ? styles.error : undefined}>
        <span className={styles.rowTitle}>
          <Name text={row.title} empty="(empty)" />
        </span>
        <span className={styles.notes}>
          {[row.service, ...row.notes]
            .filter((note) => note !== '')
            .map((note) => visibleText(note.slice(0, 100)))
            .join(' · ')}
        </span>
      </summary>
      <Pairs title="Attributes" pairs={row.attributes} />
      <Pairs title="Fields" pairs={row.fields} />
      <Pairs title="Resource" pairs={row.resource} />
    </details>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: readonly Pair[] }) {
  if (pairs.length === 0) return null;
  return (
    <>
      <h4 className={styles.pairsTitle}>{title}</h4>
      <dl className={panel.pairs}>
        {pairs.map(({ key, value, masked }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: keys may come twice
          <div key={i} className={styles.pair}>
            <dt>
              <Name text={key} />
            </dt>
            <dd className={masked ? styles.maskedValue : undefined}>
              <bdi>{visibleText(value)}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
