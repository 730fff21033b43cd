import { type QueryOptions, SqlError } from '../sql.ts';
import { MetricReadError } from './model.ts';

/** Options of the next statement of a call; throws when the call is out of time. */
export type Deadline = () => QueryOptions & { readonly timeoutMs: number };

/** Memory of one statement in bytes. */
const maxStatementMemory = 2_000_000_000;
/** ClickHouse's codes: table or database unknown, out of time, too much, wrong expression. */
const notMade = new Set([60, 81]);
const outOfTime = new Set([159, 160, 209]);
const tooMuch = new Set([158, 241, 307, 396]);
const badRegexp = 427;

/**
 * Runs one call within `timeoutMs`; what goes wrong becomes a MetricReadError. A schema that no
 * exporter has made yet holds nothing: `none`.
 */
export async function runCall<T>(
  now: () => number,
  timeoutMs: number,
  none: T,
  call: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const end = now() + timeoutMs;
  const deadline: Deadline = () => {
    const left = Math.floor(end - now());
    if (left <= 0) throw new MetricReadError('cannot read metrics: out of time', 'timeout');
    const settings = {
      max_execution_time: Math.ceil(left / 1000),
      max_memory_usage: maxStatementMemory,
    };
    return { timeoutMs: left + 500, settings };
  };
  try {
    return await call(deadline);
  } catch (error) {
    if (error instanceof MetricReadError) throw error;
    if (error instanceof SqlError && notMade.has(error.code)) return none;
    const message = error instanceof Error ? error.message : String(error);
    throw new MetricReadError(`cannot read metrics: ${message}`, reasonOf(error), error);
  }
}

function reasonOf(error: unknown): MetricReadError['reason'] {
  if (!(error instanceof SqlError)) return 'internal';
  if (error.code === badRegexp) return 'bad_query';
  if (outOfTime.has(error.code)) return 'timeout';
  if (tooMuch.has(error.code)) return 'too_broad';
  return error.retryable || error.code === 0 ? 'unavailable' : 'internal';
}
