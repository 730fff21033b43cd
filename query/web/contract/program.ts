/** What the page asks first, and what every refusal looks like. Types only. */

/** `GET /api/v1/info`. */
export interface ProgramInfo {
  readonly version: string;
  /** The program's clock when it answered, decimal nanoseconds since 1970. */
  readonly nowUnixNano: string;
  /** Which tables are read; null where no storage is configured: only pipelines are shown. */
  readonly storage: {
    /** Those of this program, or those of the contrib exporter. */
    readonly schema: 'smart' | 'otel';
    readonly database: string;
  } | null;
  /** Goes with every POST in the header `X-Wirestitch-Token`; new with each start. */
  readonly token: string;
}

/** Body of every answer whose status is not 200. */
export interface Refusal {
  readonly error: {
    readonly reason:
      | 'bad_request'
      | 'forbidden'
      | 'not_found'
      | 'too_broad'
      | 'unavailable'
      | 'timeout'
      | 'internal';
    readonly message: string;
    /** What to do about it; '' when there is nothing to say. */
    readonly hint: string;
  };
}
