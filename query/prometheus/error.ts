/** Kinds of failures as Prometheus' API names them, with their status. */
export const errorStatus = {
  bad_data: 400,
  execution: 422,
  timeout: 503,
  unavailable: 503,
  internal: 500,
  not_found: 404,
} as const;

/** `errorType` of an answer. */
export type ErrorType = keyof typeof errorStatus;

/** A request that is answered with a failure. */
export class ApiError extends Error {
  readonly type: ErrorType;

  constructor(type: ErrorType, message: string) {
    super(message);
    this.name = 'ApiError';
    this.type = type;
  }
}
