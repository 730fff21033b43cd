/**
 * gRPC status codes (https://grpc.io/docs/guides/status-codes), which are also the codes of
 * google.rpc.Status.
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

/** Codes on which an OTLP client sends again. */
export const retryableCodes: readonly number[] = [
  Code.CANCELLED,
  Code.DEADLINE_EXCEEDED,
  Code.ABORTED,
  Code.OUT_OF_RANGE,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
];

const byNumber = Object.keys(Code) as (keyof typeof Code)[];

/** @returns `UNAVAILABLE` for 14; the number in brackets when there is no such code */
export function codeName(code: number): string {
  return byNumber[code] ?? `(${code})`;
}

/** @returns the code, UNKNOWN for numbers that are none */
export function toCode(value: number): Code {
  return value in byNumber ? (value as Code) : Code.UNKNOWN;
}
