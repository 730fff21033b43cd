import type { Clock } from '../../component/settings.ts';
import type { ComponentStatus, InstanceStatus, ReportedStatus } from '../../component/view.ts';
import type { PipelineConfig } from '../config/program.ts';
import type { NodePlan } from './plan.ts';

/** What every instance is doing: the graph says when it starts and ends, itself the rest. */
export class StatusBoard {
  readonly #clock: Clock;
  readonly #statuses = new Map<string, InstanceStatus>();
  readonly #watchers = new Set<() => void>();
  #pipelines: readonly PipelineConfig[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The pipelines that instances are part of from now on. */
  know(pipelines: readonly PipelineConfig[]): void {
    this.#pipelines = pipelines;
  }

  all(): readonly InstanceStatus[] {
    return [...this.#statuses.values()];
  }

  /** @param name of a node */
  of(name: string): InstanceStatus | undefined {
    return this.#statuses.get(name);
  }

  /** @returns what ends it */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  set(plan: NodePlan, status: ComponentStatus, error = ''): void {
    const { kind, id } = plan.component;
    const pipelines = this.#pipelinesOf(plan);
    const sinceUnixMs = this.#clock.unixMs();
    this.#statuses.set(plan.name, { kind, id, pipelines, status, error, sinceUnixMs });
    this.#changed();
  }

  /** It runs, and said nothing else of itself meanwhile. */
  started(name: string): void {
    if (this.#statuses.get(name)?.status === 'StatusStarting') this.reported(name, 'StatusOK');
  }

  reported(name: string, status: ReportedStatus, error = ''): void {
    const known = this.#statuses.get(name);
    if (known === undefined || (known.status === status && known.error === error)) return;
    if (known.status === 'StatusStopping' || known.status === 'StatusStopped') return;
    this.#statuses.set(name, { ...known, status, error, sinceUnixMs: this.#clock.unixMs() });
    this.#changed();
  }

  forget(name: string): void {
    if (this.#statuses.delete(name)) this.#changed();
  }

  #changed(): void {
    for (const changed of this.#watchers) changed();
  }

  #pipelinesOf({ component: { kind, id }, fields }: NodePlan): readonly string[] {
    const only = fields['otelcol.pipeline.id'];
    if (only !== undefined) return [only];
    const signals = [fields['otelcol.signal'], fields['otelcol.signal.output']];
    return this.#pipelines
      .filter(({ signal, receivers, exporters }) => {
        if (kind === 'receiver') return receivers.includes(id);
        if (kind === 'exporter') return signal === signals[0] && exporters.includes(id);
        if (kind !== 'connector') return false;
        const from = signal === signals[0] && exporters.includes(id);
        return from || (signal === signals[1] && receivers.includes(id));
      })
      .map((pipeline) => pipeline.id);
  }
}
