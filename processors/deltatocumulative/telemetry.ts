import type { MetricInfo } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Config } from './config.ts';

const info = {
  points: {
    name: 'otelcol_deltatocumulative_datapoints',
    description:
      "total number of datapoints processed. may have 'error' attribute, if processing failed",
    unit: '{datapoint}',
    kind: 'counter',
  },
  limit: {
    name: 'otelcol_deltatocumulative_streams_limit',
    description: 'upper limit of tracked streams',
    unit: '{stream}',
    kind: 'gauge',
  },
  stale: {
    name: 'otelcol_deltatocumulative_streams_max_stale',
    description: 'duration after which streams inactive streams are dropped',
    unit: 's',
    kind: 'gauge',
  },
  tracked: {
    name: 'otelcol_deltatocumulative_streams_tracked',
    description: 'number of streams tracked',
    unit: '{dps}',
    kind: 'gauge',
    upDown: true,
  },
} as const satisfies Record<string, MetricInfo>;

export const metrics: readonly MetricInfo[] = Object.values(info);

/** Why points are dropped: the name in the ledger and that in the metric's attribute `error`. */
const errors = {
  limit: 'limit',
  no_memory: 'memory',
  older_start: 'delta.ErrOlderStart',
  out_of_order: 'delta.ErrOutOfOrder',
} as const;

/** Why a point is dropped, as the ledger names it. */
export type Reason = keyof typeof errors;

const reasons = Object.keys(errors) as Reason[];

/** Counts what becomes of points; told to the meter once a batch. */
export class Telemetry {
  readonly #settings: Settings;
  #added = 0;
  readonly #dropped = new Float64Array(reasons.length);
  #left: [Reason, number][] = [];
  #unregister: (() => void)[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  start(config: Config, streams: () => number): void {
    const { meter } = this.#settings;
    const staleSeconds = Math.trunc(config.max_stale / 1000);
    const gauge = (
      one: typeof info.limit | typeof info.stale | typeof info.tracked,
      read: () => number,
    ) => meter.gauge(one.name, one, read);
    this.#unregister = [
      gauge(info.limit, () => config.max_streams),
      gauge(info.stale, () => staleSeconds),
      gauge(info.tracked, streams),
    ];
  }

  added(): void {
    this.#added += 1;
  }

  dropped(reason: Reason): void {
    this.#dropped[reasons.indexOf(reason)]! += 1;
  }

  /** Reports what was counted since the last time. */
  report(): void {
    const { meter } = this.#settings;
    const points = meter.counter(info.points.name, info.points);
    if (this.#added > 0) points.add(this.#added);
    for (const [i, reason] of reasons.entries()) {
      const count = this.#dropped[i]!;
      if (count === 0) continue;
      points.add(count, { error: errors[reason] });
      this.#left.push([reason, count]);
    }
    this.#added = 0;
    this.#dropped.fill(0);
  }

  /** Points that were dropped since the last call, for the ledger. */
  left(): readonly (readonly [Reason, number])[] {
    return this.#left.splice(0);
  }

  close(): void {
    for (const one of this.#unregister.splice(0)) one();
  }
}
