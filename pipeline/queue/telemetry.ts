import type {
  Attributes,
  Counter,
  Histogram,
  QueueFill,
  Settings,
} from '../../component/settings.ts';
import { itemNames, itemUnits, type Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { type BatchTelemetry, batchTelemetry } from '../batch-telemetry.ts';
import type { Admission } from './admission.ts';
import type { Part, Piece } from './entry.ts';

const itemBounds = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000,
  20_000, 30_000, 50_000, 100_000,
];
const byteBounds = [10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000];

/** Metrics of a sending queue. */
export class QueueTelemetry<S extends Signal> {
  readonly #settings: Settings;
  readonly #signal: S;
  readonly #attributes: Attributes;
  readonly #failed: Counter;
  readonly #items: Histogram;
  readonly #bytes: Histogram;
  readonly #batches: BatchTelemetry | undefined;
  #gauges: (() => void)[] = [];

  /** @param processor id of the processor `batch` that batches are made in place of */
  constructor(signal: S, settings: Settings, processor: string | undefined) {
    const { meter, id } = settings;
    const name = itemNames[signal];
    const level = 'detailed';
    this.#settings = settings;
    this.#signal = signal;
    this.#attributes = { exporter: id };
    this.#failed = meter.counter(`otelcol_exporter_enqueue_failed_${name}`, {
      description: `Number of ${name} failed to be added to the sending queue`,
      unit: itemUnits[signal],
    });
    this.#items = meter.histogram(
      'otelcol_exporter_queue_batch_send_size',
      { description: 'Items of each batch that the queue is given', unit: '{unit}', level },
      itemBounds,
    );
    this.#bytes = meter.histogram(
      'otelcol_exporter_queue_batch_send_size_bytes',
      { description: 'Bytes of each batch that the queue is given', unit: 'By', level },
      byteBounds,
    );
    if (processor !== undefined) this.#batches = batchTelemetry({ meter, id: processor }, () => 1);
  }

  /** Shows how full the queue is, until `close`. */
  expose(admission: Admission, unit: QueueFill['unit']): void {
    const { meter, id, ledger } = this.#settings;
    const attributes = { exporter: id, data_type: this.#signal };
    const gauge = (name: string, description: string, read: () => number) =>
      meter.gauge(name, { description, unit: '{batch}' }, read, attributes);
    const size = 'Current size of the sending queue, in units of its sizer';
    const capacity = 'Fixed capacity of the sending queue, in units of its sizer';
    this.#gauges = [
      gauge('otelcol_exporter_queue_size', size, () => admission.size),
      gauge('otelcol_exporter_queue_capacity', capacity, () => admission.capacity),
    ];
    const fill = (): QueueFill => ({ size: admission.size, capacity: admission.capacity, unit });
    const hide = ledger.queue?.(fill);
    if (hide !== undefined) this.#gauges.push(hide);
  }

  close(): void {
    for (const unregister of this.#gauges.splice(0)) unregister();
    this.#batches?.close();
  }

  /** The queue is given a batch; costs nothing below level detailed. */
  offered(batch: Batch<S>): void {
    if (!this.#items.enabled) return;
    this.#items.record(batch.itemCount, this.#attributes);
    this.#bytes.record(batch.byteLength, this.#attributes);
  }

  enqueueFailed(items: number): void {
    this.#failed.add(items, this.#attributes);
  }

  /**
   * Batches were made where a processor would have made them.
   * @param parts what they were made of
   * @param minUnits size from which they are complete
   */
  batched(parts: readonly Part<S>[], pieces: readonly Piece<S>[], minUnits: number): void {
    if (this.#batches === undefined) return;
    const isWhole = pieces.length === 1;
    for (const { items, batches } of pieces) {
      const bytes = isWhole
        ? parts.reduce((sum, part) => sum + part.bytes, 0)
        : batches.reduce((sum, batch) => sum + batch.byteLength, 0);
      this.#batches.sent(items, bytes, items >= minUnits ? 'size' : 'timeout');
    }
  }
}
