import { PipelineError } from '../../component/errors.ts';
import { Code } from '../../wire/status/code.ts';
import { codeOfHttp } from '../../wire/status/http.ts';
import { decodeStatus } from '../../wire/status/status.ts';
import type { Answer } from './answer.ts';

/** HTTP statuses on which OTLP clients send again. */
const retryable: readonly number[] = [429, 502, 503, 504];

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

function messageOf(answer: Answer): string {
  const type = answer.contentType.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf') return decodeStatus(answer.body).message;
  const text = answer.body.toString('utf8');
  if (type !== 'application/json') return text.slice(0, 1000).trim();
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? '');
  } catch {
    return '';
  }
}

/** What the pipeline is told of an answer that is no success. */
export function pipelineErrorOf(url: string, answer: Answer, nowMs: number): PipelineError {
  const { status } = answer;
  const again = retryable.includes(status);
  const throttled = status === 429 || status === 503;
  const delay = throttled ? retryAfterMs(answer.retryAfter, nowMs) : undefined;
  const message = messageOf(answer);
  const said = message === '' ? '' : `, Message=${message}`;
  const text = `error exporting items, request to ${url} responded with HTTP Status Code ${status}`;
  return new PipelineError(text + said, {
    retryable: again,
    status: codeOfHttp(status),
    ...(delay === undefined ? {} : { retryAfterMs: delay }),
  });
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
