import type { Insight } from './insight.ts';

/** What a component is doing; the words are those of the Go collector's component status. */
export type ComponentStatus =
  | 'StatusNone'
  | 'StatusStarting'
  | 'StatusOK'
  | 'StatusRecoverableError'
  | 'StatusPermanentError'
  | 'StatusFatalError'
  | 'StatusStopping'
  | 'StatusStopped';

/** An instance and what it is doing. */
export interface InstanceStatus {
  readonly kind: 'receiver' | 'processor' | 'exporter' | 'connector' | 'extension';
  /** `type[/name]`. */
  readonly id: string;
  /** Ids of the pipelines that it is part of; none for extensions. */
  readonly pipelines: readonly string[];
  readonly status: ComponentStatus;
  /** What is wrong, '' when nothing is. */
  readonly error: string;
  /** Milliseconds since 1970 of the change to this status. */
  readonly sinceUnixMs: number;
}

/** A pipeline as it runs. */
export interface PipelineView {
  /** `signal[/name]`. */
  readonly id: string;
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
  /** Which of its receivers and exporters are connectors. */
  readonly connectors: readonly string[];
  /** Whether something in it edits data. */
  readonly mutates: boolean;
}

/** A feature gate. */
export interface GateView {
  readonly id: string;
  readonly enabled: boolean;
  readonly stage: string;
  readonly description: string;
  readonly from: string;
  readonly to: string;
  /** Where its reason can be read, '' = nowhere. */
  readonly reference: string;
}

/** One of the program's own spans, ended. */
export interface SpanView {
  readonly name: string;
  /** Hexadecimal. */
  readonly traceId: string;
  readonly spanId: string;
  /** '' = none. */
  readonly parentSpanId: string;
  readonly startUnixMs: number;
  readonly durationMs: number;
  /** What went wrong, undefined when nothing did. */
  readonly error: string | undefined;
  readonly attributes: ReadonlyMap<string, string | number | boolean>;
}

/** The running program, for extensions that show it. */
export interface ProgramView {
  pipelines(): readonly PipelineView[];
  statuses(): readonly InstanceStatus[];
  /** `changed` is called after every change of a status. @returns what ends that */
  watchStatuses(changed: () => void): () => void;
  gates(): readonly GateView[];
  /**
   * `ended` is called with each of the program's own spans that is recorded.
   * @returns what ends that; undefined when the program has no traces of its own
   */
  watchSpans(ended: (span: SpanView) => void): (() => void) | undefined;
  /** The program's own spans that have not ended, while somebody watches; without durations. */
  runningSpans(): readonly SpanView[];
  /** The configuration in JSON, with defaults, durations in nanoseconds; secrets are masked. */
  config(): Promise<string>;
  readonly insight: Insight;
}

/** What a component may say of itself while it runs. */
export type ReportedStatus = 'StatusOK' | 'StatusRecoverableError' | 'StatusPermanentError';
