import { PipelineError } from '../../component/errors.ts';
import { WireError } from '../../pdata/wire-error.ts';
import { Code, retryableCodes } from '../../wire/status/code.ts';
import type { Status } from '../../wire/status/status.ts';

/**
 * What a client is told. A code says to OTLP clients whether to send again, so one that says the
 * opposite of the error is replaced: UNAVAILABLE for errors that pass, INTERNAL for those that
 * stay.
 */
export function statusOf(error: unknown): Status {
  if (error instanceof WireError) return { code: Code.INVALID_ARGUMENT, message: error.message };
  const { message, status, retryable: again, retryAfterMs } = PipelineError.from(error);
  if (!again) return { code: retryableCodes.includes(status) ? Code.INTERNAL : status, message };
  const throttled = status === Code.RESOURCE_EXHAUSTED && retryAfterMs !== undefined;
  const code = retryableCodes.includes(status) || throttled ? status : Code.UNAVAILABLE;
  if (retryAfterMs === undefined) return { code, message };
  return { code, message, retryDelayMs: retryAfterMs };
}
