import type { Code } from '../status/code.ts';

/** How a call that got no success ended. */
export interface GrpcErrorOptions {
  /** google.rpc.Status of grpc-status-details-bin. */
  readonly details?: Uint8Array | undefined;
  /** The whole request was sent and no answer came: the server may have acted on it. */
  readonly unknownOutcome?: boolean;
  readonly cause?: unknown;
}

/** A call failed: the server said so, or the connection did. */
export class GrpcError extends Error {
  readonly code: Code;
  readonly details: Uint8Array | undefined;
  readonly unknownOutcome: boolean;

  constructor(code: Code, message: string, options: GrpcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GrpcError';
    this.code = code;
    this.details = options.details;
    this.unknownOutcome = options.unknownOutcome ?? false;
  }
}
