import { type QueryOptions, SqlError } from '../sql.ts';
import { ReadError } from './reader.ts';

/** Options of the next statement of a call; throws when the call is out of time. */
export type Deadline = () => QueryOptions & { readonly timeoutMs: number };

/** How long calls last. */
export interface CallOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Time for one call, over all its statements, ms. */
  readonly timeoutMs: number;
}

/** Memory of one statement in bytes; the embedded engine takes at most its own bound. */
const maxStatementMemory = 2_000_000_000;
/** Table or database unknown. */
const notMadeCodes = new Set([60, 81]);
const timeoutCodes = new Set([159, 160, 209]);
const broadCodes = new Set([158, 241, 307, 396]);

/**
 * Runs one call under its time limit; what goes wrong becomes a ReadError. A schema that no
 * exporter has made yet holds nothing: `none`.
 * @param signal ends the statement that runs
 */
export async function runCall<T>(
  options: CallOptions,
  none: T,
  call: (deadline: Deadline) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const end = options.now() + options.timeoutMs;
  const deadline = () => {
    const left = Math.floor(end - options.now());
    if (left <= 0) throw new ReadError('cannot read traces: out of time', 'timeout');
    // Full seconds: a session that has the setting already needs no statement to change it.
    const settings = {
      max_execution_time: Math.ceil(left / 1000),
      max_memory_usage: maxStatementMemory,
    };
    return { timeoutMs: left + 500, settings, ...(signal && { signal }) };
  };
  try {
    return await call(deadline);
  } catch (error) {
    if (error instanceof ReadError) throw error;
    if (error instanceof SqlError && notMadeCodes.has(error.code)) return none;
    const message = error instanceof Error ? error.message : String(error);
    throw new ReadError(`cannot read traces: ${message}`, reasonOf(error), error);
  }
}

/** What a failure of a statement means for the call. */
export function reasonOf(error: unknown): ReadError['reason'] {
  if (error instanceof ReadError) return error.reason;
  if (!(error instanceof SqlError)) return 'internal';
  if (timeoutCodes.has(error.code)) return 'timeout';
  if (broadCodes.has(error.code)) return 'too_broad';
  return error.retryable || error.code === 0 ? 'unavailable' : 'internal';
}

/** What is said of traces that have more spans together than their caller takes. */
export function tooManySpans(maxSpans: number): ReadError {
  return new ReadError(`cannot read traces: they have more than ${maxSpans} spans`, 'too_broad');
}
