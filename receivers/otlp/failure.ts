import { PipelineError } from '../../component/errors.ts';
import { WireError } from '../../pdata/wire-error.ts';
import { Code } from '../../wire/status/code.ts';
import type { Status } from '../../wire/status/status.ts';

/** Codes on which an OTLP client sends again. */
const retryable: readonly number[] = [
  Code.CANCELLED,
  Code.DEADLINE_EXCEEDED,
  Code.ABORTED,
  Code.OUT_OF_RANGE,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
];

/**
 * What a client is told. A code says to OTLP clients whether to send again, so one that says the
 * opposite of the error is replaced: UNAVAILABLE for errors that pass, INTERNAL for those that
 * stay.
 */
export function statusOf(error: unknown): Status {
  if (error instanceof WireError) return { code: Code.INVALID_ARGUMENT, message: error.message };
  const { message, status, retryable: again, retryAfterMs } = PipelineError.from(error);
  if (!again) return { code: retryable.includes(status) ? Code.INTERNAL : status, message };
  const throttled = status === Code.RESOURCE_EXHAUSTED && retryAfterMs !== undefined;
  const code = retryable.includes(status) || throttled ? status : Code.UNAVAILABLE;
  if (retryAfterMs === undefined) return { code, message };
  return { code, message, retryDelayMs: retryAfterMs };
}
