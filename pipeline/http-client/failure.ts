import { PipelineError } from '../../component/errors.ts';
import { Code } from '../../wire/status/code.ts';

/**
 * Reads Retry-After: whole seconds or an HTTP date.
 * @returns milliseconds from `nowMs`, at least 0; undefined when it is neither
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = /GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/**
 * What the pipeline is told when there is no answer.
 * @param sent whether the request was on its way: then it may have arrived
 */
export function connectionError(url: string, error: Error, sent: boolean): PipelineError {
  return new PipelineError(`failed to make an HTTP request to ${url}: ${error.message}`, {
    retryable: true,
    status: Code.UNAVAILABLE,
    unknownOutcome: sent,
    cause: error,
  });
}
