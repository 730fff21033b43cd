import { PipelineError } from '../../component/errors.ts';
import { codeName } from '../../wire/status/code.ts';

/** The retries of a batch came to their end. */
export class RetriesExhausted extends PipelineError {
  constructor(cause: PipelineError, why = 'no more retries left') {
    super(`${why}: ${cause.message}`, {
      retryable: true,
      ...(cause.hasStatus ? { status: cause.status } : {}),
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

/** What is on disk cannot be read back. */
export class Unreadable extends PipelineError {
  constructor(message: string, cause?: unknown) {
    super(message, { retryable: false, cause });
  }
}

/** What is on disk was written by a newer version, which can read it. */
export class NewerForm extends Unreadable {}

/** Whether a queue on disk keeps what a delivery ended with this error for. */
export function staysOnDisk(error: PipelineError | undefined): boolean {
  return error instanceof ShutDown || error instanceof NewerForm;
}

/** The fixed words under which the ledger counts what an exporter gave up. */
export function dropReason(error: PipelineError): string {
  if (error instanceof ShutDown) return 'shutdown';
  if (error instanceof RetriesExhausted) return 'retries_exhausted';
  if (error instanceof Unreadable) return 'unreadable';
  return error.retryable ? 'send_failed' : 'rejected';
}

/** What the Go collector calls the reason of a failure: of its own, or the server's gRPC status. */
export function errorType(error: PipelineError): string {
  if (error instanceof ShutDown) return 'Shutdown';
  if (!error.hasStatus) return '_OTHER';
  const name = codeName(error.status);
  if (name === 'CANCELLED') return 'Canceled';
  if (name === 'DEADLINE_EXCEEDED') return 'Deadline_Exceeded';
  return name
    .toLowerCase()
    .replaceAll(/(?:^|_)([a-z])/g, (_all, first: string) => first.toUpperCase());
}
