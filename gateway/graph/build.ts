import type { Component } from '../../component/component.ts';
import type { Consumer, Consumers } from '../../component/consumer.ts';
import type {
  ConnectorFactory,
  ConnectorNext,
  ExporterFactory,
  ProcessorFactory,
  ReceiverFactory,
} from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import { type Signal, signals } from '../../component/signals.ts';
import { fanout } from '../../pipeline/fanout.ts';
import { foldKey } from '../../pipeline/fold-batch.ts';
import { connectorLinks, type Link } from '../config/connectors.ts';
import type { ComponentConfig, PipelineConfig, ProgramConfig } from '../config/program.ts';
import type { Environment } from './environment.ts';
import { foldBatches } from './fold.ts';
import type { GraphNode } from './node.ts';
import { settingsFor } from './settings.ts';

type AnyConsumer = Consumer<Signal>;

/** A consumer and the ledger's name of the node behind it. */
interface Target {
  readonly name: string;
  readonly consumer: AnyConsumer;
}

/**
 * Makes every instance that the pipelines need: a receiver per id, a processor per pipeline and id,
 * an exporter per signal and id, a connector per pair of signals and id.
 * @returns nodes, each after those that it sends to: the order to start them
 */
export function buildNodes(config: ProgramConfig, env: Environment): readonly GraphNode[] {
  return new Builder(config, env).build();
}

class Builder {
  readonly #config: ProgramConfig;
  readonly #env: Environment;
  readonly #links: readonly Link[];
  readonly #nodes: GraphNode[] = [];
  readonly #shared = new Map<string, Target>();
  readonly #entries = new Map<string, Target[]>();
  readonly #queues: ReadonlyMap<string, unknown>;

  constructor(given: ProgramConfig, env: Environment) {
    const { config, queues } = foldBatches(given);
    this.#config = config;
    this.#queues = queues;
    this.#env = env;
    this.#links = connectorLinks(config.components, config.pipelines);
  }

  build(): readonly GraphNode[] {
    for (const pipeline of this.#config.pipelines) this.#entry(pipeline);
    for (const receiver of this.#config.components.receiver.values()) this.#receiver(receiver);
    return this.#nodes;
  }

  #receiver(component: ComponentConfig): void {
    const name = `receiver/${component.id}`;
    const next: { [S in Signal]?: AnyConsumer } = {};
    for (const signal of signals) {
      const targets = this.#config.pipelines
        .filter((p) => p.signal === signal && p.receivers.includes(component.id))
        .flatMap((p) => this.#entry(p));
      if (targets.length > 0) next[signal] = this.#connect(name, targets);
    }
    if (Object.keys(next).length === 0) return; // configured but not used
    const factory = component.factory as ReceiverFactory<unknown>;
    const settings = this.#settings(component, name, {});
    this.#add(name, factory.create(settings, component.config, next as Consumers));
  }

  /** What a pipeline's receivers send to: its first processor, or its exporters. */
  #entry(pipeline: PipelineConfig): Target[] {
    const known = this.#entries.get(pipeline.id);
    if (known !== undefined) return known;
    let targets = pipeline.exporters.flatMap((id) => this.#exporter(id, pipeline));
    for (const id of pipeline.processors.toReversed()) {
      targets = [this.#processor(id, pipeline, targets)];
    }
    this.#entries.set(pipeline.id, targets);
    return targets;
  }

  #processor(id: string, pipeline: PipelineConfig, targets: readonly Target[]): Target {
    const component = this.#config.components.processor.get(id)!;
    const name = `processor/${id}@${pipeline.id}`;
    const fields = { 'otelcol.pipeline.id': pipeline.id, 'otelcol.signal': pipeline.signal };
    const factory = component.factory as ProcessorFactory<unknown>;
    const settings = this.#settings(component, name, fields);
    const next = this.#connect(name, targets);
    const consumer = factory.create(pipeline.signal, settings, component.config, next);
    this.#add(name, consumer);
    return { name, consumer };
  }

  #exporter(id: string, pipeline: PipelineConfig): Target[] {
    const component = this.#config.components.exporter.get(id);
    if (component === undefined) return this.#connectors(id, pipeline);
    const { signal } = pipeline;
    const name = `exporter/${id}@${signal}`;
    return [
      this.#once(name, () => {
        const factory = component.factory as ExporterFactory<unknown>;
        const settings = this.#settings(component, name, { 'otelcol.signal': signal });
        const queue = this.#queues.get(foldKey(signal, id));
        const config = component.config;
        const folded = queue === undefined ? config : { ...Object(config), sending_queue: queue };
        return factory.create(signal, settings, folded);
      }),
    ];
  }

  /** One connector instance for each signal that it gives on. */
  #connectors(id: string, pipeline: PipelineConfig): Target[] {
    const links = this.#links.filter((l) => l.connector.id === id && l.from.id === pipeline.id);
    return [...new Set(links.map((link) => link.to.signal))].map((to) => {
      const from = pipeline.signal;
      const name = `connector/${id}@${from}-${to}`;
      return this.#once(name, () => {
        const { connector } = links[0]!;
        const factory = connector.factory as ConnectorFactory<unknown>;
        const fields = { 'otelcol.signal': from, 'otelcol.signal.output': to };
        const settings = this.#settings(connector, name, fields);
        const next = this.#connectorNext(name, id, to);
        return factory.create(from, to, settings, connector.config, next);
      });
    });
  }

  /** The pipelines of a signal that a connector feeds, together and each by itself. */
  #connectorNext(name: string, id: string, signal: Signal): ConnectorNext<Signal> {
    const fed = this.#config.pipelines.filter(
      (p) => p.signal === signal && p.receivers.includes(id),
    );
    const all = this.#connect(
      name,
      fed.flatMap((p) => this.#entry(p)),
    );
    const pipelines = new Map(fed.map((p) => [p.id, this.#connect(name, this.#entry(p))]));
    const { mutates } = all;
    return { mutates, consume: (batch, ctx) => all.consume(batch, ctx), pipelines };
  }

  #once(name: string, create: () => Component & AnyConsumer): Target {
    const known = this.#shared.get(name);
    if (known !== undefined) return known;
    const consumer = create();
    const target = { name, consumer };
    this.#shared.set(name, target);
    this.#add(name, consumer);
    return target;
  }

  #connect(from: string, targets: readonly Target[]): AnyConsumer {
    const { ledger } = this.#env;
    const [only] = targets;
    if (only !== undefined && targets.length === 1) {
      return fanout([ledger.edge(from, only.name, only.consumer)]);
    }
    const branching = `fanout of ${from}`; // each branch takes a batch: out is more than in
    ledger.node(branching, 'fanout');
    const edges = targets.map(({ name, consumer }) => ledger.edge(branching, name, consumer));
    return ledger.edge(from, branching, fanout(edges));
  }

  #settings(component: ComponentConfig, name: string, fields: Record<string, string>): Settings {
    return settingsFor(this.#env, component.kind, component.id, name, fields);
  }

  #add(name: string, component: Component): void {
    this.#nodes.push({ name, component });
  }
}
