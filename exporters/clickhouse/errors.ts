import { Code, PipelineError } from '../../component/errors.ts';
import { SqlError } from '../../storage/sql.ts';

/**
 * ClickHouse codes that no retry of the same block helps with: the schema or the right to write is
 * missing. Source: ClickHouse's ErrorCodes.cpp.
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
  60, // UNKNOWN_TABLE
  62, // SYNTAX_ERROR
  70, // CANNOT_CONVERT_TYPE
  81, // UNKNOWN_DATABASE
  115, // UNKNOWN_SETTING
  117, // INCORRECT_DATA
  192, // UNKNOWN_USER
  193, // WRONG_PASSWORD
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  497, // ACCESS_DENIED
  516, // AUTHENTICATION_FAILED
]);

/** Whether a code is about the right to write, for the status told to the sender. */
const accessCodes: ReadonlySet<number> = new Set([192, 193, 497, 516]);

/**
 * The error of a failed statement in the pipeline's words. What is not known to be permanent is
 * retried: overload, memory, too many parts, time-outs, restarts.
 */
export function pipelineError(error: unknown, doing: string): PipelineError {
  if (error instanceof PipelineError) return error;
  if (!(error instanceof SqlError)) return PipelineError.from(error);
  const message = `cannot ${doing}: ${error.message}`;
  if (error.code === 0) {
    const unknownOutcome = error.outcome === 'unknown';
    return new PipelineError(message, { retryable: error.retryable, unknownOutcome, cause: error });
  }
  const permanent = permanentCodes.has(error.code) || isTooManyPartitions(error);
  if (!permanent) return new PipelineError(message, { retryable: true, cause: error });
  const status = accessCodes.has(error.code) ? Code.PERMISSION_DENIED : Code.INTERNAL;
  return new PipelineError(message, { retryable: false, status, cause: error });
}

/** Code 252 means either too many parts (wait) or one block over too many partitions (never). */
function isTooManyPartitions(error: SqlError): boolean {
  return error.code === 252 && /too many partitions/i.test(error.message);
}
