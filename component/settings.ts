import type { AddressInfo, Server } from 'node:net';
import type { Extension } from './extension.ts';
import type { ProgramView, ReportedStatus } from './view.ts';

/** Structured log of one component; levels mean: warn = recovered, error = data lost. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Attributes of one time series. Keep the object: looking a series up costs, adding does not. */
export type Attributes = Readonly<Record<string, string>>;

/**
 * A sum that only grows, of the program's own telemetry; adding costs a look-up and an addition.
 */
export interface Counter {
  /** @param value at least 0 */
  add(value: number, attributes?: Attributes): void;
}

/** A distribution in the program's own telemetry; values are in the unit it was made with. */
export interface Histogram {
  /** Whether anybody is told: what only a histogram wants to know need not be found out. */
  readonly enabled: boolean;
  record(value: number, attributes?: Attributes): void;
}

/** How a counter, gauge or histogram of the program's own telemetry is told. */
export interface InstrumentOptions {
  readonly description: string;
  /** UCUM unit, as in OTel: `{spans}`, `By`, `s`. */
  readonly unit: string;
  /** Least `service::telemetry::metrics::level` at which it is measured; default basic. */
  readonly level?: MetricLevel;
  /** What a gauge's `observe` reads only grows: it is exposed as a counter. */
  readonly monotonic?: boolean;
  /** A gauge whose series mean something when they are added up: OTLP has a sum for it. */
  readonly upDown?: boolean;
}

/** How much the program tells of itself, from least to most. */
export type MetricLevel = 'basic' | 'normal' | 'detailed';

/** The program's own metrics. Asking twice for a name gives the same instrument. */
export interface Meter {
  counter(name: string, options: InstrumentOptions): Counter;
  histogram(name: string, options: InstrumentOptions, bounds: readonly number[]): Histogram;
  /**
   * `observe` is called when metrics are read, NaN = nothing yet; the returned function unregisters
   * it. What several observe with equal attributes is added up.
   */
  gauge(
    name: string,
    options: InstrumentOptions,
    observe: () => number,
    attributes?: Attributes,
  ): () => void;
}

/** A span of the program's own that has begun. */
export interface OwnSpan {
  /** Its W3C trace context, for its children. */
  readonly traceparent: string;
  set(key: string, value: string | number | boolean): void;
  /** @param error what went wrong; absent = nothing did */
  end(error?: string): void;
}

/** The program's own traces. */
export interface Tracer {
  /** Whether anything may be recorded. */
  readonly enabled: boolean;
  /**
   * @param parent W3C trace context; absent = a trace of its own
   * @returns undefined when it is not recorded: most programs have no traces
   */
  start(name: string, kind: 'internal' | 'server' | 'client', parent?: string): OwnSpan | undefined;
  /** The trace context that a request came with, if it counts here. @param header reads one */
  extract(header: (name: string) => string | undefined): string | undefined;
}

/** A pending callback. */
export interface Timer {
  cancel(): void;
}

/** Time comes only from here, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since 1970, with fraction. */
  unixMs(): number;
  /** Milliseconds that never go back, from an arbitrary start. */
  monotonicMs(): number;
  /** Calls `run` once after `ms`; a pending timer does not keep the process alive. */
  after(ms: number, run: () => void): Timer;
}

/** Randomness comes only from here, so that a seed replays a test. */
export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  bytes(length: number): Uint8Array;
}

/** The process-wide budget of bytes held for data in flight. */
export interface MemoryBudget {
  /**
   * Takes `bytes` if they fit; false means: refuse the data, retryable.
   * @param native memory of an addon's own, not of ArrayBuffers
   */
  tryReserve(bytes: number, native?: boolean): boolean;
  /** Gives back what tryReserve took, of the same kind. */
  release(bytes: number, native?: boolean): void;
  readonly used: number;
  readonly limit: number;
}

/**
 * What a component tells the ledger of items that neither came from nor went to another component.
 * In and out of each edge are counted by the graph: in = out + dropped{reason} + held - created.
 */
export interface NodeLedger {
  /** Items that will not be delivered, with a fixed snake_case reason. */
  dropped(reason: string, items: number): void;
  /** Items kept after consume() settled (+) or no longer kept (-). */
  held(delta: number): void;
  /** Items that were not there before (receivers need not call it). */
  created(items: number): void;
  /** Exporters: items that the backend confirmed; less than 0 takes back what was said. */
  delivered(items: number): void;
  /** Exporters: items that are held stay on disk, for the instance that opens it next. */
  left(items: number): void;
  /** Exporters: items found on disk are held; those that no instance here left are created. */
  found(items: number): void;
  /** Exporters: shows how full a queue is. @returns what ends that */
  queue?(read: () => QueueFill): () => void;
  /** Exporters: an attempt to deliver ended; absent = well. */
  attempted?(failure?: FailedAttempt): void;
}

/** How full a sending queue is. */
export interface QueueFill {
  readonly size: number;
  readonly capacity: number;
  /** What size and capacity count. */
  readonly unit: 'requests' | 'items' | 'bytes';
}

/** An attempt to deliver that failed; it may be repeated. */
export interface FailedAttempt {
  readonly error: string;
  readonly unixMs: number;
}

/** Where a server listens, as node:net takes it. */
export type ListenAddress =
  | { readonly host?: string; readonly port: number; readonly ipv6Only?: boolean }
  | { readonly path: string };

/** A listening socket whose connections go to a server. */
export interface Attached {
  /** The address that is bound; a path for a socket file. */
  readonly address: AddressInfo | string;
  /**
   * No more connections go to the server.
   * @returns whether another server has attached to the address, and gets them now
   */
  detach(): boolean;
  /** The server is run for another one from now on: several may share it. */
  passTo(holder: Holder): void;
}

/** Who listens: one instance of a component. */
export interface Holder {
  /** Its node, e.g. `receiver/otlp`. */
  readonly name: string;
  /** Whether it is about to be replaced or stopped: others may take its addresses. */
  readonly leaving: boolean;
}

/**
 * The listening sockets of the program. They outlive the servers behind them: one that attaches
 * to an address where one is that is leaving takes its place, and no connection is refused
 * meanwhile.
 */
export interface Listeners {
  /** The component that these were given to. */
  readonly holder: Holder;
  /**
   * Listens and gives connections to `server` as its event `connection`.
   * @param server of node:net, tls, http, https or http2; it does not listen itself
   * @param failed hears of a socket that dies later
   * @throws Error of node:net, e.g. EADDRINUSE, or one that names the component that listens there
   */
  attach(
    server: Server,
    address: ListenAddress,
    options: { readonly allowHalfOpen: boolean; readonly maxConnections?: number },
    failed: (error: Error) => void,
  ): Promise<Attached>;
  /** Servers that components share, by address; kept by whoever makes them. */
  readonly shared: Map<string, unknown>;
}

/** What came of a reload: names of nodes, or what is wrong with the configuration. */
export type ReloadResult =
  | {
      readonly changed: true;
      readonly started: readonly string[];
      readonly replaced: readonly string[];
      readonly stopped: readonly string[];
      readonly kept: number;
    }
  | { readonly changed: false; readonly faults: readonly string[] };

/**
 * Reads the configuration again and makes it run; what both say the same of is kept. Never rejects.
 * @param reason for the log: who asked
 */
export type Reload = (reason: string) => Promise<ReloadResult>;

/** What a component may ask of the program that runs it; usable from start() on. */
export interface Host {
  /** The started extension with this id (`type[/name]`), or undefined. */
  extension(id: string): Extension | undefined;
  /** All started extensions by id. */
  extensions(): ReadonlyMap<string, Extension>;
  readonly listeners: Listeners;
  /** Absolute paths of the files that the configuration was read from. */
  configFiles(): readonly string[];
  readonly reload: Reload;
  readonly view: ProgramView;
  /** A fault that ends the program in an orderly way (a listener died). */
  fatal(error: Error): void;
}

/** The feature gates of the run (`--feature-gates`). */
export interface Gates {
  /** @throws Error for an id that the program does not know: a programming error */
  enabled(id: string): boolean;
}

/** Names the program to peers, as in a User-Agent, and in its own telemetry. */
export interface BuildInfo {
  readonly command: string;
  readonly version: string;
}

/** Everything that code passes to a component, beside what the user configured. */
export interface Settings {
  /** `type[/name]` as configured. */
  readonly id: string;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly tracer: Tracer;
  readonly clock: Clock;
  readonly random: Random;
  readonly budget: MemoryBudget;
  readonly ledger: NodeLedger;
  readonly host: Host;
  readonly build: BuildInfo;
  readonly gates: Gates;
  /** Says how the component is doing, for health checks; start and end are known without it. */
  report?(status: ReportedStatus, error?: string): void;
}
