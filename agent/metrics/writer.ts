import type { Metrics } from '../../pdata/batch.ts';
import { type AttributeSet, MetricsBuilder } from '../../pdata/builder.ts';
import type { NetworkMeters } from './network.ts';
import { PointWriter, type Temporality } from './points.ts';
import type { RequestMeters } from './requests.ts';

interface MetricsWriterOptions {
  readonly resource: AttributeSet;
  /** Instrumentation scope: `wirestitch/packet`. */
  readonly scope: string;
  readonly temporality: Temporality;
  /** Whole seconds that an interval has. */
  readonly intervalSeconds: number;
}

/**
 * Turns meters into OTLP metrics, an interval at a time. Intervals are aligned to the clock; one in
 * which nothing changed gives no points.
 */
export class MetricsWriter {
  private readonly options: MetricsWriterOptions;
  private readonly network: NetworkMeters | undefined;
  private readonly requests: RequestMeters | undefined;
  private readonly builder = new MetricsBuilder();
  /** Second since 1970 that the interval at hand began; -1 = none has. */
  private from = -1;

  constructor(
    options: MetricsWriterOptions,
    network: NetworkMeters | undefined,
    requests: RequestMeters | undefined,
  ) {
    this.options = options;
    this.network = network;
    this.requests = requests;
  }

  /** Points that wait for `flush()`. */
  get count(): number {
    return this.builder.itemCount;
  }

  /**
   * Time has come to this second since 1970; when an interval has ended its points are written.
   * @returns the second at which the next interval ends
   */
  advance(second: number): number {
    const step = this.options.intervalSeconds;
    const start = Math.floor(second / step) * step;
    if (start !== this.from) {
      if (this.from >= 0) this.write(this.from + step);
      this.begin(start);
    }
    return start + step;
  }

  /** The points of all intervals since the last flush, the one at hand not among them. */
  flush(): Metrics | undefined {
    return this.builder.itemCount === 0 ? undefined : this.builder.finish();
  }

  /** Writes the interval at hand although it is not over: nothing comes any more. */
  finish(): void {
    if (this.from >= 0) this.write(this.from + this.options.intervalSeconds);
  }

  private begin(second: number): void {
    this.from = second;
    const reset = this.options.temporality === 'delta';
    this.network?.series.turn(reset, second);
    this.requests?.turn(reset, second);
  }

  private write(to: number): void {
    const changed =
      (this.network?.series.changed.length ?? 0) + (this.requests?.series.changed.length ?? 0);
    if (changed === 0) return;
    const { resource, scope, temporality } = this.options;
    if (this.builder.itemCount === 0) {
      this.builder.resource(resource);
      this.builder.scope(scope);
    }
    const points = new PointWriter(this.builder, { from: this.from, to, temporality });
    this.network?.write(points);
    this.requests?.write(points);
  }
}
