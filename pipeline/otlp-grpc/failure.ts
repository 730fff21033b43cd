import { PipelineError } from '../../component/errors.ts';
import { GrpcError } from '../../wire/grpc/grpc-error.ts';
import { Code, codeName, retryableCodes } from '../../wire/status/code.ts';
import { decodeStatus } from '../../wire/status/status.ts';

/**
 * What the pipeline is told: retryable as OTLP has it, RESOURCE_EXHAUSTED only when the server says
 * when to come again.
 */
export function pipelineError(error: unknown): PipelineError {
  if (!(error instanceof GrpcError)) return PipelineError.from(error);
  const { code, details, unknownOutcome } = error;
  const delay = details === undefined ? undefined : decodeStatus(details).retryDelayMs;
  const throttled = code === Code.RESOURCE_EXHAUSTED && delay !== undefined;
  const text = `rpc error: code = ${codeName(code)} desc = ${error.message}`;
  return new PipelineError(text, {
    retryable: retryableCodes.includes(code) || throttled || unknownOutcome,
    status: code,
    unknownOutcome,
    cause: error,
    ...(delay === undefined ? {} : { retryAfterMs: delay }),
  });
}
