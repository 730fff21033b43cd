import type { Kind, Stability } from './factory.ts';
import type { FailedAttempt, QueueFill } from './settings.ts';
import type { Signal } from './signals.ts';
import type { ComponentStatus } from './view.ts';

/** An instance in the graph. */
export interface NodeInfo {
  /** As in the ledger: `processor/batch@traces/2`. */
  readonly name: string;
  readonly kind: Exclude<Kind, 'extension'>;
  /** `type[/name]`. */
  readonly id: string;
  readonly type: string;
  /** What the component is for, one sentence. */
  readonly description: string;
  /** Signals that it supports, and how well proven it is for each. */
  readonly stability: Readonly<Partial<Record<Signal, Stability>>>;
  /** Undefined for receivers, which may give several signals. */
  readonly signal: Signal | undefined;
  /** What a connector gives on. */
  readonly outputSignal: Signal | undefined;
}

/** What one node sends to another. */
export interface EdgeInfo {
  readonly from: string;
  readonly to: string;
}

/** A processor that is no node: its work is done elsewhere. */
export interface FoldedInfo {
  readonly id: string;
  /** Nodes that do it. */
  readonly into: readonly string[];
}

/** A pipeline, in names of nodes. */
export interface LaneInfo {
  /** `signal[/name]`. */
  readonly id: string;
  readonly signal: Signal;
  readonly receivers: readonly string[];
  readonly processors: readonly (string | FoldedInfo)[];
  readonly exporters: readonly string[];
}

/** Nodes and edges of a configuration, and the pipelines that they belong to. */
export interface GraphInfo {
  readonly nodes: readonly NodeInfo[];
  readonly edges: readonly EdgeInfo[];
  readonly lanes: readonly LaneInfo[];
}

/** How a node is doing, and what happened there since the program started, in items. */
export interface NodeNumbers {
  readonly name: string;
  readonly status: ComponentStatus;
  /** What it says is wrong with itself, '' = nothing. */
  readonly statusError: string;
  /** Milliseconds since 1970 of the change to this status. */
  readonly statusSinceUnixMs: number;
  readonly in: number;
  readonly out: number;
  readonly created: number;
  readonly delivered: number;
  readonly held: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly queue: QueueFill | undefined;
  readonly failing: (FailedAttempt & { readonly attempts: number }) | undefined;
}

/** What passed an edge since the program started, in items. */
export interface EdgeNumbers {
  readonly from: string;
  readonly to: string;
  readonly items: number;
  /** Not taken, by gRPC status; the sender may have sent them again. */
  readonly refused: readonly {
    readonly status: string;
    readonly retryable: boolean;
    readonly items: number;
    /** What was said last. */
    readonly message: string;
  }[];
}

/** Memory of the process, bytes. */
export interface MemoryNumbers {
  readonly budgetUsed: number;
  readonly budgetLimit: number;
  readonly rss: number;
  readonly heapUsed: number;
}

/** Counters since the program began, and what is held now; differences are the reader's to take. */
export interface Numbers {
  readonly memory: MemoryNumbers;
  readonly nodes: readonly NodeNumbers[];
  readonly edges: readonly EdgeNumbers[];
}

/** Equal entries of level warn or error, of which the newest is shown. */
export interface LogEntry {
  /** The same for all that are equal. */
  readonly id: number;
  /** Rises with each entry that is logged. */
  readonly sequence: number;
  readonly level: 'warn' | 'error';
  /** Node that logged it, '' = the program. */
  readonly node: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** How many there were. */
  readonly count: number;
  readonly firstUnixMs: number;
  readonly lastUnixMs: number;
}

/** What a tap shows. */
export interface TapOptions {
  /** Most batches that are shown in a second, above 0. */
  readonly batchesPerSecond: number;
  /** Most items that are shown of a batch. */
  readonly items: number;
  /** Attribute keys whose values are masked, beside those that look like secrets; `*` = anything. */
  readonly mask: readonly string[];
}

/** A batch that passed an edge, or its first items. */
export interface TapSample {
  readonly unixMs: number;
  readonly signal: Signal;
  /** Items and bytes of the whole batch. */
  readonly items: number;
  readonly bytes: number;
  /** OTLP/JSON of the first items, secrets masked; undefined when they are too large to be shown. */
  readonly otlp: unknown;
  /** Items in `otlp`. */
  readonly shown: number;
  /** Values in `otlp` that are masked. */
  readonly masked: number;
  /** Why the far end of the edge refused the batch, undefined when it took it. */
  readonly refused: string | undefined;
  /** Batches and items that passed unseen since the sample before. */
  readonly passedBatches: number;
  readonly passedItems: number;
  /** Samples that were thrown away since then because the reader is slow. */
  readonly missed: number;
}

/** A place in a configuration text that something is said of. */
export interface ConfigRemark {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Keys with `::` between them, '' = the whole. */
  readonly path: string;
  readonly message: string;
  /** What was probably meant, '' = no idea. */
  readonly suggestion: string;
}

/** What there is to say of a configuration text. */
export interface ConfigCheck {
  /** None: the program would take it. */
  readonly faults: readonly ConfigRemark[];
  readonly warnings: readonly ConfigRemark[];
  /** What hangs on values that are known only where it is started. */
  readonly unchecked: readonly ConfigRemark[];
  /** The graph that it describes, where that is known. */
  readonly graph: GraphInfo | undefined;
}

/** Why the program does not do what it was asked. */
export class InsightError extends Error {
  readonly reason: 'not_found' | 'busy' | 'too_large' | 'timeout';

  constructor(reason: InsightError['reason'], message: string) {
    super(message);
    this.name = 'InsightError';
    this.reason = reason;
  }
}

/** The inside of the running program, for pages that show it. */
export interface Insight {
  /** Milliseconds since 1970. */
  readonly startedUnixMs: number;
  /** Rises each time that another configuration runs. */
  version(): number;
  graph(): GraphInfo;
  numbers(): Numbers;
  /** Entries with a higher sequence, oldest first; at most 200 are kept. */
  log(after: number): readonly LogEntry[];
  /**
   * Shows samples of what passes an edge of the graph; costs nothing while there is no tap.
   * @param receive returns false for a sample that it could not take
   * @returns what ends it
   * @throws InsightError where there is no such edge, or too many taps are there
   */
  tap(edge: EdgeInfo, options: TapOptions, receive: (sample: TapSample) => boolean): () => void;
  /**
   * Checks a configuration as `validate` does. References are not followed: what they stand for is
   * not checked. Rejects with InsightError when the text is too large or takes too long.
   */
  checkConfig(text: string): Promise<ConfigCheck>;
  /** The configuration that runs, as YAML with defaults; secrets are masked. */
  configYaml(): Promise<string>;
  /** The same of each configured component, by kind and id: `processor/batch`. */
  componentConfigs(): Promise<ReadonlyMap<string, string>>;
}
