import { PipelineError } from '../../component/errors.ts';
import { SqlError } from '../../storage/sql.ts';

/**
 * ClickHouse codes that no retry of the same block helps with, whatever is done to the server: the
 * block itself cannot be read. Everything that a migration, another version of the server, a
 * setting or a right can mend is retried: of the replicas behind one name one may be behind, and
 * what was accepted is kept until it fits.
 * Source: ClickHouse's ErrorCodes.cpp.
 */
const permanentCodes: ReadonlySet<number> = new Set([
  6, // CANNOT_PARSE_TEXT
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  33, // CANNOT_READ_ALL_DATA
  117, // INCORRECT_DATA
]);

/**
 * The error of a failed INSERT in the pipeline's words. What is not known to be permanent is
 * retried: overload, memory, too many parts, time-outs, restarts, a wrong password, a table that
 * does not fit.
 */
export function insertError(error: unknown, doing: string): PipelineError {
  const permanent = error instanceof SqlError && permanentCodes.has(error.code);
  return toPipeline(error, doing, !permanent);
}

/** The same of a statement that says nothing about the data: it is tried again whatever failed. */
export function pipelineError(error: unknown, doing: string): PipelineError {
  return toPipeline(error, doing, true);
}

function toPipeline(error: unknown, doing: string, retryable: boolean): PipelineError {
  if (error instanceof PipelineError) return error;
  if (!(error instanceof SqlError)) return PipelineError.from(error);
  const message = `cannot ${doing}: ${error.message}`;
  if (error.code === 0) {
    const unknownOutcome = error.outcome === 'unknown';
    return new PipelineError(message, { retryable: error.retryable, unknownOutcome, cause: error });
  }
  return new PipelineError(message, { retryable, cause: error });
}
