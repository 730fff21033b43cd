import { PipelineError } from '../../component/errors.ts';

/** The retries of a batch came to their end. */
export class RetriesExhausted extends PipelineError {
  constructor(cause: PipelineError, why = 'no more retries left') {
    super(`${why}: ${cause.message}`, {
      retryable: true,
      status: cause.status,
      unknownOutcome: cause.unknownOutcome,
      cause,
      ...(cause.retryAfterMs === undefined ? {} : { retryAfterMs: cause.retryAfterMs }),
    });
  }
}

/** The exporter was shut down before the batch was delivered. */
export class ShutDown extends PipelineError {
  constructor(cause?: PipelineError) {
    const because = cause === undefined ? '' : `: ${cause.message}`;
    super(`cannot deliver: the exporter is shutting down${because}`, {
      retryable: true,
      unknownOutcome: cause?.unknownOutcome ?? false,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** The fixed words under which the ledger counts what an exporter gave up. */
export function dropReason(error: PipelineError): string {
  if (error instanceof ShutDown) return 'shutdown';
  if (error instanceof RetriesExhausted) return 'retries_exhausted';
  return error.retryable ? 'send_failed' : 'rejected';
}
