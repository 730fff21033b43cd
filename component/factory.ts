import type { z } from 'zod';
import type { Batch } from '../pdata/batch.ts';
import type { Component } from './component.ts';
import type { Consumer, Consumers } from './consumer.ts';
import type { Extension } from './extension.ts';
import type { Gates, MetricLevel, Settings } from './settings.ts';
import type { Signal } from './signals.ts';

/** What a component is; in a configuration the section of that name, with an s, has its keys. */
export type Kind = 'receiver' | 'processor' | 'exporter' | 'connector' | 'extension';

/** How far a component's keys may still change; `development` the most, `stable` not at all. */
export type Stability = 'development' | 'alpha' | 'beta' | 'stable';

/** A metric that a component emits, for docs and tests. */
export interface MetricInfo {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** Least level at which it is measured; default basic. */
  readonly level?: MetricLevel;
  /** See InstrumentOptions. */
  readonly upDown?: boolean;
}

/** What is wrong at a place of a component's configuration. */
export interface ConfigFault {
  /** Keys from the component's section on. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * The plain description of a component type. `config` is decoder and documentation in one: strict,
 * with texts, defaults and units; what it accepts works.
 */
interface FactoryBase<C> {
  /** Newest YAML type; also the folder's name. */
  readonly type: string;
  /** Older YAML types that are accepted. */
  readonly aliases?: readonly string[];
  /** Signals that it supports; for extensions the key is not used. */
  readonly stability: Readonly<Partial<Record<Signal, Stability>>>;
  /** One sentence for `components` and the docs. */
  readonly description: string;
  readonly config: z.ZodType<C>;
  readonly metrics?: readonly MetricInfo[];
  /** What a configuration may not say as the feature gates are. */
  checkGates?(config: C, gates: Gates): readonly ConfigFault[];
}

/** One instance a configured id; `next` holds a consumer for each signal that a pipeline wants. */
export interface ReceiverFactory<C> extends FactoryBase<C> {
  readonly kind: 'receiver';
  create(settings: Settings, config: C, next: Consumers): Component;
}

/** One instance a pipeline and id. */
export interface ProcessorFactory<C> extends FactoryBase<C> {
  readonly kind: 'processor';
  /**
   * Checks what the schema cannot or should not say, e.g. what hangs on the signal. Called for each
   * pipeline that names the component, before anything is created.
   * @throws Error that says what is wrong
   */
  check?(signal: Signal, config: C): void;
  create<S extends Signal>(
    signal: S,
    settings: Settings,
    config: C,
    next: Consumer<S>,
  ): Component & Consumer<S>;
}

/** One instance a signal and id, shared by the pipelines of that signal. */
export interface ExporterFactory<C> extends FactoryBase<C> {
  readonly kind: 'exporter';
  /**
   * As that of a processor: what hangs on the signal.
   * @throws Error that says what is wrong
   */
  check?(signal: Signal, config: C): void;
  create<S extends Signal>(signal: S, settings: Settings, config: C): Component & Consumer<S>;
}

/** What a connector sends to: all of its pipelines at once, or one of them. */
export interface ConnectorNext<S extends Signal> extends Consumer<S> {
  /**
   * A consumer for each pipeline by id (`traces/2`), in the configuration's order. An item that
   * is sent to several of them leaves several times: the connector tells the ledger of the copies.
   */
  readonly pipelines: ReadonlyMap<string, Consumer<S>>;
}

/** One instance a pair of signals and id. */
export interface ConnectorFactory<C> extends FactoryBase<C> {
  readonly kind: 'connector';
  /** Pairs [taken, given] that it supports. */
  readonly pairs: readonly (readonly [Signal, Signal])[];
  /**
   * What is wrong with the pipelines that a configuration names, in the connector's own words.
   * @param pipelines ids of those that it feeds
   */
  checkPipelines?(config: C, pipelines: readonly string[]): readonly string[];
  create<F extends Signal, T extends Signal>(
    from: F,
    to: T,
    settings: Settings,
    config: C,
    next: ConnectorNext<T>,
  ): Component & Consumer<F>;
}

/** Makes extensions, one for each id that `service::extensions` lists. */
export interface ExtensionFactory<C> extends FactoryBase<C> {
  readonly kind: 'extension';
  /**
   * Checks what the schema cannot say, e.g. that a folder is there; of every configured extension.
   * @throws Error that says what is wrong
   */
  check?(config: C): void;
  create(settings: Settings, config: C): Extension;
}

/**
 * What a component's module gives the registry; `C` is the configuration as its schema decodes it.
 */
export type Factory<C> =
  | ReceiverFactory<C>
  | ProcessorFactory<C>
  | ExporterFactory<C>
  | ConnectorFactory<C>
  | ExtensionFactory<C>;

/** A batch of any signal, for code that does not look inside. */
export type AnyBatch = Batch<Signal>;
