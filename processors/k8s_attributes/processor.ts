import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { GroupReader } from '../../pdata/readers.ts';
import { ipOf } from './annotate/address.ts';
import { Annotator } from './annotate/annotator.ts';
import type { Config } from './config.ts';
import { readGates } from './gates.ts';
import { type Rules, rulesOf } from './rules.ts';
import { Cluster } from './store/cluster.ts';
import { associationsOf } from './store/identifier.ts';
import { SharedCluster } from './store/shared-cluster.ts';
import { type Telemetry, telemetryOf } from './telemetry.ts';

const renamed =
  'are being renamed by the semantic conventions: the feature gates ' +
  'processor.k8sattributes.EmitV1K8sConventions and DontEmitV0K8sConventions set the new names';

/** A configuration with the view of the cluster that it may share. */
export type Given = Config & { readonly shared: SharedCluster };

/** Adds what the cluster knows of their pods to resources. */
export class Processor<S extends Signal> implements Component, Consumer<S> {
  readonly mutates = true;
  readonly #signal: S;
  readonly #settings: Settings;
  readonly #config: Given;
  readonly #next: Consumer<S>;
  #shared: SharedCluster | undefined;
  #annotator: Annotator | undefined;

  constructor(signal: S, settings: Settings, given: Given, next: Consumer<S>) {
    this.#signal = signal;
    this.#settings = settings;
    this.#config = given;
    this.#next = next;
  }

  async start(): Promise<void> {
    const given = this.#config;
    const gates = readGates(this.#settings.gates);
    const rules = rulesOf(given, gates);
    const telemetry = telemetryOf(this.#settings, this.#signal, gates);
    this.#warn(rules);
    const cluster = given.passthrough ? undefined : await this.#open(rules, telemetry);
    const associations = associationsOf(given.pod_association);
    const plan = { associations, wanted: rules.wanted, cluster };
    this.#annotator = new Annotator(plan, telemetry);
  }

  async #open(rules: Rules, telemetry: Telemetry): Promise<Cluster> {
    const given = this.#config;
    const { clock, logger } = this.#settings;
    this.#shared = rules.gates.share ? given.shared : new SharedCluster();
    const { openAccess } = await import('./api/access.ts');
    return this.#shared.open(
      () => new Cluster(rules, given, { clock, logger, telemetry }),
      () => openAccess(given.auth_type, given.context),
    );
  }

  #warn({ wanted, labels, annotations, gates }: Rules): void {
    const { logger } = this.#settings;
    if (!this.#config.extract.deployment_name_from_replicaset) {
      logger.warn('`deployment_name_from_replicaset: false` is deprecated');
    }
    if (gates.stable && !gates.legacy) return;
    const old = [
      ...(wanted.has('container.image.tag') ? ['container.image.tag'] : []),
      ...(labels.length > 0 ? ['k8s.pod.labels.KEY'] : []),
      ...(annotations.length > 0 ? ['k8s.pod.annotations.KEY'] : []),
    ];
    if (old.length > 0) logger.info(`attributes ${renamed}`, { attributes: old });
  }

  async consume(batch: Batch<S>, ctx: Context): Promise<void> {
    try {
      const annotator = this.#annotator;
      if (annotator === undefined) throw new Error('BUG: data before the start');
      const address = ipOf(ctx.client.address);
      const reader = new GroupReader(batch as Batch<Signal>);
      while (reader.nextResource()) annotator.apply(reader.resource, address);
    } catch (error) {
      throw PipelineError.from(error);
    }
    return this.#next.consume(batch, ctx);
  }

  async shutdown(): Promise<void> {
    this.#shared?.close();
    this.#shared = undefined;
  }
}
