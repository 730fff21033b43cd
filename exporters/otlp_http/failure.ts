import { PipelineError } from '../../component/errors.ts';
import type { Answer } from '../../pipeline/http-client/answer.ts';
import { retryAfterMs } from '../../pipeline/http-client/failure.ts';
import { codeOfHttp } from '../../wire/status/http.ts';
import { decodeStatus } from '../../wire/status/status.ts';

/** HTTP statuses on which OTLP clients send again. */
const retryable: readonly number[] = [429, 502, 503, 504];

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
