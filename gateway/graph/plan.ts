import type { Component } from '../../component/component.ts';
import type { Consumer, Consumers } from '../../component/consumer.ts';
import type {
  ConnectorFactory,
  ConnectorNext,
  ExporterFactory,
  ExtensionFactory,
  ProcessorFactory,
  ReceiverFactory,
} from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import { type Signal, signals } from '../../component/signals.ts';
import { foldKey } from '../../pipeline/fold-batch.ts';
import { connectorLinks, type Link } from '../config/connectors.ts';
import type { ComponentConfig, PipelineConfig, ProgramConfig } from '../config/program.ts';
import { foldBatches } from './fold.ts';

/** A consumer whose signal the plan knows, and the type does not. */
export type AnyConsumer = Consumer<Signal>;

/** Where a node sends to. */
export interface Output {
  /** A signal (receivers), a pipeline or '' for all of them (connectors), '' (processors). */
  readonly key: string;
  /** Names of nodes; several of them get each batch. */
  readonly targets: readonly string[];
}

/** The outputs of a node that is made, by key. */
export type Outputs = ReadonlyMap<string, AnyConsumer>;

/** An instance as the configuration wants it. */
export interface NodePlan {
  /** Name in the ledger and in messages, e.g. `processor/batch@traces/2`. */
  readonly name: string;
  readonly component: ComponentConfig;
  /** What the user configured, with what is folded into it. */
  readonly config: unknown;
  /** Fields of each of its log entries. */
  readonly fields: Readonly<Record<string, string>>;
  readonly outputs: readonly Output[];
  /** @param next a consumer for each of `outputs` */
  create(settings: Settings, next: Outputs): Component & Partial<AnyConsumer>;
}

/**
 * Every instance that the pipelines need: a receiver per id, a processor per pipeline and id, an
 * exporter per signal and id, a connector per pair of signals and id; and the extensions.
 * @returns extensions as configured, then nodes, each after those that it sends to, receivers last:
 *   the order to start them
 */
export function planNodes(config: ProgramConfig): readonly NodePlan[] {
  return [
    ...config.extensions.map((id) => planExtension(config, id)),
    ...new Planner(config).plan(),
  ];
}

function planExtension({ components }: ProgramConfig, id: string): NodePlan {
  const component = components.extension.get(id)!;
  const factory = component.factory as ExtensionFactory<unknown>;
  const { config } = component;
  return {
    name: `extension/${id}`,
    component,
    config,
    fields: {},
    outputs: [],
    create: (settings) => factory.create(settings, config),
  };
}

class Planner {
  readonly #config: ProgramConfig;
  readonly #links: readonly Link[];
  readonly #plans = new Map<string, NodePlan>();
  readonly #entries = new Map<string, readonly string[]>();
  readonly #queues: ReadonlyMap<string, unknown>;

  constructor(given: ProgramConfig) {
    const { config, queues } = foldBatches(given);
    this.#config = config;
    this.#queues = queues;
    this.#links = connectorLinks(config.components, config.pipelines);
  }

  plan(): readonly NodePlan[] {
    for (const pipeline of this.#config.pipelines) this.#entry(pipeline);
    for (const receiver of this.#config.components.receiver.values()) this.#receiver(receiver);
    return [...this.#plans.values()];
  }

  #receiver(component: ComponentConfig): void {
    const outputs: Output[] = [];
    for (const signal of signals) {
      const targets = this.#fedBy(component.id, signal).flatMap((p) => this.#entry(p));
      if (targets.length > 0) outputs.push({ key: signal, targets });
    }
    if (outputs.length === 0) return; // configured but not used
    const factory = component.factory as ReceiverFactory<unknown>;
    const { config } = component;
    this.#add({
      name: `receiver/${component.id}`,
      component,
      config,
      fields: {},
      outputs,
      create: (settings, next) =>
        factory.create(settings, config, Object.fromEntries(next) as Consumers),
    });
  }

  #fedBy(id: string, signal: Signal): PipelineConfig[] {
    return this.#config.pipelines.filter((p) => p.signal === signal && p.receivers.includes(id));
  }

  /** What a pipeline's receivers send to: its first processor, or its exporters. */
  #entry(pipeline: PipelineConfig): readonly string[] {
    const known = this.#entries.get(pipeline.id);
    if (known !== undefined) return known;
    let targets: readonly string[] = pipeline.exporters.flatMap((id) =>
      this.#exporter(id, pipeline),
    );
    for (const id of pipeline.processors.toReversed()) {
      targets = [this.#processor(id, pipeline, targets)];
    }
    this.#entries.set(pipeline.id, targets);
    return targets;
  }

  #processor(id: string, pipeline: PipelineConfig, targets: readonly string[]): string {
    const component = this.#config.components.processor.get(id)!;
    const factory = component.factory as ProcessorFactory<unknown>;
    const { config } = component;
    const { signal } = pipeline;
    return this.#add({
      name: `processor/${id}@${pipeline.id}`,
      component,
      config,
      fields: { 'otelcol.pipeline.id': pipeline.id, 'otelcol.signal': signal },
      outputs: [{ key: '', targets }],
      create: (settings, next) => factory.create(signal, settings, config, next.get('')!),
    });
  }

  #exporter(id: string, pipeline: PipelineConfig): string[] {
    const component = this.#config.components.exporter.get(id);
    if (component === undefined) return this.#connectors(id, pipeline);
    const { signal } = pipeline;
    const factory = component.factory as ExporterFactory<unknown>;
    const queue = this.#queues.get(foldKey(signal, id));
    const own = component.config;
    const config = queue === undefined ? own : { ...Object(own), sending_queue: queue };
    return [
      this.#add({
        name: `exporter/${id}@${signal}`,
        component,
        config,
        fields: { 'otelcol.signal': signal },
        outputs: [],
        create: (settings) => factory.create(signal, settings, config),
      }),
    ];
  }

  /** One connector instance for each signal that it gives on. */
  #connectors(id: string, pipeline: PipelineConfig): string[] {
    const links = this.#links.filter((l) => l.connector.id === id && l.from.id === pipeline.id);
    return [...new Set(links.map((link) => link.to.signal))].map((to) =>
      this.#connector(links[0]!.connector, pipeline.signal, to),
    );
  }

  #connector(component: ComponentConfig, from: Signal, to: Signal): string {
    const name = `connector/${component.id}@${from}-${to}`;
    if (this.#plans.has(name)) return name;
    const factory = component.factory as ConnectorFactory<unknown>;
    const { config } = component;
    const outputs = this.#fedBy(component.id, to).map(
      (p): Output => ({ key: p.id, targets: this.#entry(p) }),
    );
    const all = outputs.flatMap(({ targets }) => targets);
    return this.#add({
      name,
      component,
      config,
      fields: { 'otelcol.signal': from, 'otelcol.signal.output': to },
      outputs: [{ key: '', targets: all }, ...outputs],
      create: (settings, next) => factory.create(from, to, settings, config, connectorNext(next)),
    });
  }

  #add(plan: NodePlan): string {
    if (!this.#plans.has(plan.name)) this.#plans.set(plan.name, plan);
    return plan.name;
  }
}

/** All of a connector's pipelines together, and each by itself. */
function connectorNext(next: Outputs): ConnectorNext<Signal> {
  const all = next.get('')!;
  const pipelines = new Map([...next].filter(([key]) => key !== ''));
  return {
    get mutates() {
      return all.mutates;
    },
    consume: (batch, ctx) => all.consume(batch, ctx),
    pipelines,
  };
}
