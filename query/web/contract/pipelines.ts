/** The running program: what the screen Pipelines asks and gets. Types only. */

export type Signal = 'traces' | 'metrics' | 'logs' | 'profiles';

/** An instance of a component in the graph. */
export interface GraphNode {
  /** Unique: `processor/batch@traces/2`. */
  readonly name: string;
  readonly kind: 'receiver' | 'processor' | 'exporter' | 'connector';
  /** `type[/name]`, as configured. */
  readonly id: string;
  readonly type: string;
  /** What the component is for, one sentence. */
  readonly description: string;
  /** `stable`, `beta` ... for each signal that it supports. */
  readonly stability: Readonly<Partial<Record<Signal, string>>>;
  /** null for receivers, which may give several signals. */
  readonly signal: Signal | null;
  /** What a connector gives on; else null. */
  readonly outputSignal: Signal | null;
  /** Its configuration as YAML with defaults, secrets masked; '' where that is not known. */
  readonly config: string;
}

/** What one node sends to another. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
}

/** A processor that is no node: other nodes do its work. */
export interface FoldedProcessor {
  readonly id: string;
  /** Names of the nodes that do it. */
  readonly into: readonly string[];
}

/** A pipeline, in names of nodes. A connector is an exporter of one and a receiver of another. */
export interface Lane {
  /** `signal[/name]`. */
  readonly id: string;
  readonly signal: Signal;
  readonly receivers: readonly string[];
  readonly processors: readonly (string | FoldedProcessor)[];
  readonly exporters: readonly string[];
}

/** The graph that runs; lanes are its pipelines. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly lanes: readonly Lane[];
}

/** An extension that runs. */
export interface ExtensionInfo {
  readonly id: string;
  /** Its configuration as YAML, secrets masked. */
  readonly config: string;
}

/** `GET /api/v1/pipelines`: what changes only with the configuration. */
export interface PipelinesAnswer {
  /** Rises each time that another configuration runs. */
  readonly version: number;
  readonly command: string;
  readonly programVersion: string;
  readonly startedUnixNano: string;
  readonly graph: Graph;
  readonly extensions: readonly ExtensionInfo[];
}

/** What became of items, counted since the program started. */
export interface NodeState {
  readonly name: string;
  /** Without the prefix: `OK`, `RecoverableError` ... */
  readonly status: string;
  /** What it says is wrong with itself, '' = nothing. */
  readonly statusError: string;
  readonly statusSinceUnixNano: string;
  readonly in: number;
  readonly out: number;
  /** Items that were not there before. */
  readonly created: number;
  readonly delivered: number;
  /** Items that are kept now. */
  readonly held: number;
  readonly dropped: readonly { readonly reason: string; readonly items: number }[];
  /** null where there is no queue. */
  readonly queue: {
    readonly size: number;
    readonly capacity: number;
    readonly unit: 'requests' | 'items' | 'bytes';
  } | null;
  /** The newest attempt to deliver where it failed, and how many failed since one went well. */
  readonly failing: {
    readonly error: string;
    readonly atUnixNano: string;
    readonly attempts: number;
  } | null;
}

/** Items that passed an edge, counted since the program started. */
export interface EdgeState {
  readonly from: string;
  readonly to: string;
  readonly items: number;
  /** Items that were not taken; their sender may have sent them again. */
  readonly refused: readonly {
    /** Name of a gRPC status. */
    readonly status: string;
    readonly retryable: boolean;
    readonly items: number;
    /** What was said last. */
    readonly message: string;
  }[];
}

/** `GET /api/v1/pipelines/state`. */
export interface PipelinesState {
  /** When one of both changes, the graph is another. */
  readonly version: number;
  readonly startedUnixNano: string;
  readonly nowUnixNano: string;
  readonly memory: {
    /** Bytes of data in flight. */
    readonly budgetUsed: number;
    readonly budgetLimit: number;
    /** Of the process, bytes. */
    readonly rss: number;
    readonly heapUsed: number;
  };
  readonly nodes: readonly NodeState[];
  readonly edges: readonly EdgeState[];
}

/** Equal warnings or errors of the program's log. */
export interface LogEntry {
  readonly id: number;
  readonly level: 'warn' | 'error';
  /** Name of a node or an extension, '' = the program. */
  readonly node: string;
  readonly message: string;
  /** Fields of the newest, as texts. */
  readonly fields: readonly { readonly key: string; readonly value: string }[];
  readonly count: number;
  readonly firstUnixNano: string;
  readonly lastUnixNano: string;
}

/** `GET /api/v1/pipelines/log?after=`. */
export interface LogAnswer {
  /** Oldest first; those of before that came again, with their `id`. At most 200 are kept. */
  readonly entries: readonly LogEntry[];
  /** For `after` of the next request. */
  readonly newest: number;
}

/** Event `sample` of `GET /api/v1/pipelines/tap?from=&to=`: a batch, or its first items. */
export interface TapSample {
  readonly atUnixNano: string;
  readonly signal: Signal;
  /** Of the whole batch. */
  readonly items: number;
  readonly bytes: number;
  /** OTLP/JSON with secrets masked; null: its items are too large to be shown. */
  readonly otlp: unknown;
  /** Items in `otlp`. */
  readonly shown: number;
  /** Values in `otlp` that are masked. */
  readonly masked: number;
  /** Why the batch was refused, '' = it was taken. */
  readonly refused: string;
  /** Batches and items that passed unseen since the sample before. */
  readonly passedBatches: number;
  readonly passedItems: number;
  /** Samples that were lost since then because the page did not read them in time. */
  readonly missed: number;
}

/** Event `opened` of a tap, the first. */
export interface TapOpened {
  readonly batchesPerSecond: number;
  readonly itemsPerBatch: number;
}

/** A place in a text that something is said of. */
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

/** Body of `POST /api/v1/config/check`. */
export interface ConfigCheckRequest {
  /** YAML, at most 262,144 characters. */
  readonly text: string;
}

/** At most 500 remarks of each kind. */
export interface ConfigCheckAnswer {
  /** None: the program would take it. */
  readonly faults: readonly ConfigRemark[];
  readonly warnings: readonly ConfigRemark[];
  /** What hangs on values that are known only where it is started. */
  readonly unchecked: readonly ConfigRemark[];
  /** null where there are faults, or it is not known. */
  readonly graph: Graph | null;
}

/** `GET /api/v1/config`. */
export interface ConfigAnswer {
  /** YAML with defaults, secrets masked. */
  readonly yaml: string;
}
