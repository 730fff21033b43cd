import type { Settings, Timer } from '../../component/settings.ts';
import { edgesStatement } from '../../storage/schema/edges.ts';
import { writeSettings } from '../../storage/schema/table.ts';
import { quoteName, rowsOf, type SqlClient } from '../../storage/sql.ts';
import { type ClickHouseConfig, placeOf } from './config.ts';

const MINUTE = 60;
/** How far back a run after a pause reaches at most, seconds. */
const CATCH_UP = 86_400;
/** Seconds that one statement covers at most. */
const PIECE = 3_600;
/** Milliseconds that one statement may take. */
const RUN_MS = 120_000;
/** Milliseconds that a shutdown leaves to what runs and to the last run together. */
const LAST_MS = 5_000;

/**
 * Keeps table `service_edges` up to date: every `interval` the minutes that ended are computed, and
 * those of the late window again. A minute is replaced as a whole, so that runs of several gateways
 * and runs after a crash change nothing. @returns what ends the job, after a last run, within 5 s
 */
export function startEdges(
  client: SqlClient,
  config: ClickHouseConfig,
  settings: Settings,
): () => Promise<void> {
  const { enabled, interval, late_window } = config.service_edges;
  if (!enabled) return async () => {};
  const { clock, logger } = settings;
  const { database } = config;
  const place = placeOf(config);
  let timer: Timer | undefined;
  let stopped = false;
  let from: number | undefined;
  const ending = new AbortController();
  const { signal } = ending;

  const once = async (to: number): Promise<void> => {
    from ??= await resumeAt(client, database, to, signal);
    let start = Math.min(from, to) - roundUp(late_window / 1000);
    for (; start < to; start += PIECE) {
      const end = Math.min(to, start + PIECE);
      const statement = edgesStatement(place, start, end);
      const options = { timeoutMs: RUN_MS, signal, settings: writeSettings(place) };
      await client.command(statement, options);
    }
    from = to;
  };
  const run = async (): Promise<void> => {
    try {
      await once(Math.floor(clock.unixMs() / 1000 / MINUTE) * MINUTE);
    } catch (error) {
      logger.warn('cannot compute service edges; the next run covers it', { error: String(error) });
    }
  };
  let running: Promise<void> = Promise.resolve();
  const schedule = (): void => {
    timer = clock.after(interval, () => {
      running = run().then(() => {
        if (!stopped) schedule();
      });
    });
  };
  schedule();
  return async () => {
    if (stopped) return;
    stopped = true;
    timer?.cancel();
    const late = clock.after(LAST_MS, () => ending.abort());
    await running;
    await run();
    late.cancel();
  };
}

function roundUp(seconds: number): number {
  return Math.ceil(seconds / MINUTE) * MINUTE;
}

/** Where the last run of any gateway ended, at most a day back. */
async function resumeAt(
  client: SqlClient,
  database: string,
  to: number,
  signal: AbortSignal,
): Promise<number> {
  const sql = `SELECT toUnixTimestamp(max(minute)) AS last FROM ${quoteName(database)}.service_edges`;
  const [row] = await rowsOf<{ last: number }>(client, sql, { signal });
  return Math.max(Number(row?.last ?? 0), to - CATCH_UP);
}
