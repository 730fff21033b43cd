import { PipelineError } from '../../component/errors.ts';
import { SqlError } from '../../storage/sql.ts';

/**
 * ClickHouse codes that no retry of the same block helps with: block and table do not fit. A
 * missing table, database or right is none of them: what was accepted is kept until it is there
 * again.
 * Source: ClickHouse's ErrorCodes.cpp.
 */
const permanentCodes: ReadonlySet<number> = new Set([
  6, // CANNOT_PARSE_TEXT
  16, // NO_SUCH_COLUMN_IN_TABLE
  20, // NUMBER_OF_COLUMNS_DOESNT_MATCH
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  33, // CANNOT_READ_ALL_DATA
  47, // UNKNOWN_IDENTIFIER
  50, // UNKNOWN_TYPE
  53, // TYPE_MISMATCH
  62, // SYNTAX_ERROR
  70, // CANNOT_CONVERT_TYPE
  115, // UNKNOWN_SETTING
  117, // INCORRECT_DATA
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
]);

/**
 * The error of a failed statement in the pipeline's words. What is not known to be permanent is
 * retried: overload, memory, too many parts, time-outs, restarts, a wrong password.
 */
export function pipelineError(error: unknown, doing: string): PipelineError {
  if (error instanceof PipelineError) return error;
  if (!(error instanceof SqlError)) return PipelineError.from(error);
  const message = `cannot ${doing}: ${error.message}`;
  if (error.code === 0) {
    const unknownOutcome = error.outcome === 'unknown';
    return new PipelineError(message, { retryable: error.retryable, unknownOutcome, cause: error });
  }
  const retryable = !permanentCodes.has(error.code) && !isTooManyPartitions(error);
  return new PipelineError(message, { retryable, cause: error });
}

/** Code 252 means either too many parts (wait) or one block over too many partitions (never). */
function isTooManyPartitions(error: SqlError): boolean {
  return error.code === 252 && /too many partitions/i.test(error.message);
}
