import { Code } from '../wire/status/code.ts';

export { Code };

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
  /** Whether somebody said the status: otherwise it is made of `retryable`. */
  readonly hasStatus: boolean;
  readonly unknownOutcome: boolean;

  constructor(message: string, options: PipelineErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PipelineError';
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.hasStatus = options.status !== undefined;
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
