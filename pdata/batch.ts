import type { Signal } from './signal.ts';

/** What limits a split; both may be given. */
export interface SplitLimits {
  /** Items a piece; at least 1. */
  maxItems?: number;
  /** Encoded bytes a piece; one item that is larger makes a piece of its own. */
  maxBytes?: number;
}

/**
 * A batch of one signal: OTLP export requests (protobuf) whose concatenation is one valid request,
 * since every top-level field is repeated. Bytes are the data; readers are views over them. A batch
 * is never changed in place, except through the overlay of `editable()`.
 */
export interface Batch<S extends Signal> {
  readonly signal: S;
  /** Spans, log records, data points or profile samples. */
  readonly itemCount: number;
  /** Encoded size in bytes as it came in, without edits. */
  readonly byteLength: number;
  /** Bytes of the backing buffers that this batch keeps alive: what memory accounting counts. */
  readonly backingBytes: number;
  /**
   * The canonical bytes: each range is a valid export request by itself. Edits of the overlay are
   * written at the first call and kept; without edits these are the ranges that came in.
   */
  ranges(): readonly Uint8Array[];
  /** A batch over the same bytes with an overlay of its own, for a consumer that edits. */
  editable(): Batch<S>;
  /**
   * The batch with its edits written, without overlay and index: what to keep for later. Itself
   * when there is nothing of the kind.
   */
  plain(): Batch<S>;
  /** A batch with bytes of its own: nothing of the receive buffers stays pinned. */
  detach(): Batch<S>;
  /** Pieces within the limits, in order; resource and scope are repeated in each. */
  split(limits: SplitLimits): Batch<S>[];
}

/** Bytes of an ExportTraceServiceRequest; items are spans. */
export type Traces = Batch<'traces'>;
/** Bytes of an ExportMetricsServiceRequest; items are data points. */
export type Metrics = Batch<'metrics'>;
/** Bytes of an ExportLogsServiceRequest; items are log records. */
export type Logs = Batch<'logs'>;
/** Bytes of an ExportProfilesServiceRequest, with its dictionary; items are samples. */
export type Profiles = Batch<'profiles'>;
