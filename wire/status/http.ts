import { Code, retryableCodes } from './code.ts';

/** @returns the HTTP status of an OTLP answer for a status code, as the Go collector maps it */
export function httpStatus(code: Code): number {
  if (code === Code.OK) return 200;
  if (retryableCodes.includes(code)) return 503;
  if (code === Code.RESOURCE_EXHAUSTED) return 429;
  if (code === Code.INVALID_ARGUMENT) return 400;
  if (code === Code.UNAUTHENTICATED) return 401;
  if (code === Code.PERMISSION_DENIED) return 403;
  if (code === Code.UNIMPLEMENTED) return 404;
  return 500;
}

/** @returns the code for the HTTP status of an OTLP/HTTP answer, as the Go collector maps it */
export function codeOfHttp(status: number): Code {
  if (status >= 200 && status < 300) return Code.OK;
  if (status === 400 || status === 413) return Code.INVALID_ARGUMENT;
  if (status === 401) return Code.UNAUTHENTICATED;
  if (status === 403) return Code.PERMISSION_DENIED;
  if (status === 404) return Code.UNIMPLEMENTED;
  if (status === 429) return Code.RESOURCE_EXHAUSTED;
  if (status === 502 || status === 503 || status === 504) return Code.UNAVAILABLE;
  return Code.UNKNOWN;
}

/**
 * @returns the code of a gRPC answer that has an HTTP status but no grpc-status
 * (https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md)
 */
export function codeOfBareHttp(status: number): Code {
  if (status === 400) return Code.INTERNAL;
  if (status === 401) return Code.UNAUTHENTICATED;
  if (status === 403) return Code.PERMISSION_DENIED;
  if (status === 404) return Code.UNIMPLEMENTED;
  if (status === 429 || status === 502 || status === 503 || status === 504) {
    return Code.UNAVAILABLE;
  }
  return Code.UNKNOWN;
}
