/** What the screen knows of the running program, asked for again and again. */
import { useEffect, useRef, useState } from 'react';
import type {
  LogAnswer,
  LogEntry,
  PipelinesAnswer,
  PipelinesState,
} from '../../../../query/web/contract/pipelines.ts';
import { get } from '../../api/client.ts';
import { type Loaded, useLoad } from '../../api/use-load.ts';
import { type Readings, withState } from './rates.ts';

const statePollMs = 1000;
const logPollMs = 2000;

export interface StateOfProgram {
  readonly graph: Loaded<PipelinesAnswer>;
  readonly state: Loaded<PipelinesState>;
  readonly readings: Readings;
}

export function useStateOfProgram(): StateOfProgram {
  const state = useLoad(
    'pipelines-state',
    (signal) => get<PipelinesState>('/api/v1/pipelines/state', {}, signal),
    { pollMs: statePollMs },
  );
  const { data } = state;
  const run = data === undefined ? '' : `${data.startedUnixNano} ${data.version}`;
  const graph = useLoad(
    run === '' ? '' : `pipelines ${run}`,
    (signal) => get<PipelinesAnswer>('/api/v1/pipelines', {}, signal),
    { keep: true },
  );
  const [readings, setReadings] = useState<Readings>([]);
  useEffect(() => {
    if (data !== undefined) setReadings((before) => withState(before, data));
  }, [data]);
  return { graph, state, readings };
}

/** Newest first. @param run another start of the program begins a new log */
export function useLog(run: string): readonly LogEntry[] {
  const [entries, setEntries] = useState<ReadonlyMap<number, LogEntry>>(new Map());
  const newest = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run begins anew
  useEffect(() => {
    newest.current = 0;
    setEntries(new Map());
  }, [run]);
  const { data } = useLoad(
    run === '' ? '' : `log ${run}`,
    (signal) => get<LogAnswer>('/api/v1/pipelines/log', { after: newest.current }, signal),
    { pollMs: logPollMs },
  );
  useEffect(() => {
    if (data === undefined || data.entries.length === 0) return;
    newest.current = Math.max(newest.current, data.newest);
    setEntries((before) => merged(before, data.entries));
  }, [data]);
  return [...entries.values()].reverse();
}

const mostEntries = 200;

/** An entry that came again is the newest. */
function merged(
  before: ReadonlyMap<number, LogEntry>,
  more: readonly LogEntry[],
): ReadonlyMap<number, LogEntry> {
  const all = new Map(before);
  for (const entry of more) {
    all.delete(entry.id);
    all.set(entry.id, entry);
  }
  return new Map([...all].slice(-mostEntries));
}
