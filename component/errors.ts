/**
 * gRPC status codes (https://grpc.io/docs/guides/status-codes): the one vocabulary in which every
 * protocol's result is expressed inside the program.
 */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** A gRPC status code, 0 to 16. */
export type Code = (typeof Code)[keyof typeof Code];

/** How a failed delivery is described; see {@link PipelineError}. */
export interface PipelineErrorOptions {
  /** Whether sending the same batch again can succeed. */
  retryable: boolean;
  /** The backend asked not to be tried again before this many milliseconds. */
  retryAfterMs?: number;
  /** Default: UNAVAILABLE when retryable, else INTERNAL. */
  status?: Code;
  /**
   * The batch may have arrived: it was sent and no answer came (time-out, broken connection).
   * Only such attempts are checked before a retry.
   */
  unknownOutcome?: boolean;
  cause?: unknown;
}

/** The only error that `consume()` rejects with. Nothing but its fields decides what happens next. */
export class PipelineError extends Error {
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly status: Code;
  readonly unknownOutcome: boolean;

  constructor(message: string, options: PipelineErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PipelineError';
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.status = options.status ?? (options.retryable ? Code.UNAVAILABLE : Code.INTERNAL);
    this.unknownOutcome = options.unknownOutcome ?? false;
  }

  /** `error` itself when it is one, else a permanent error that wraps a programming error. */
  static from(error: unknown): PipelineError {
    if (error instanceof PipelineError) return error;
    const text = error instanceof Error ? error.message : String(error);
    return new PipelineError(`BUG: ${text}`, { retryable: false, cause: error });
  }
}
