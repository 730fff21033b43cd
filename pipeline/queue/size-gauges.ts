import type { Settings } from '../../component/settings.ts';
import type { Signal, SignalData } from '../../component/signals.ts';
import type { Admission } from './admission.ts';

/**
 * Metrics of how full a queue is.
 * @returns functions that unregister them
 */
export function exposeSize(
  settings: Settings,
  signal: Signal,
  admission: Admission,
): (() => void)[] {
  const attributes = { exporter: settings.id, data_type: signal };
  const gauge = (name: string, description: string, read: () => number) =>
    settings.meter.gauge(name, { description, unit: '{batch}' }, read, attributes);
  const size = 'Current size of the sending queue, in units of its sizer';
  const capacity = 'Fixed capacity of the sending queue, in units of its sizer';
  return [
    gauge('otelcol_exporter_queue_size', size, () => admission.size),
    gauge('otelcol_exporter_queue_capacity', capacity, () => admission.capacity),
  ];
}

const itemBounds = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000,
  20_000, 30_000, 50_000, 100_000,
];
const byteBounds = [10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000];

/** Metrics of how much a queue is given at a time; they cost nothing below level detailed. */
export function measureOffers({ meter, id }: Settings): (batch: SignalData[Signal]) => void {
  const attributes = { exporter: id };
  const level = 'detailed';
  const items = meter.histogram(
    'otelcol_exporter_queue_batch_send_size',
    { description: 'Items of each batch that the queue is given', unit: '{unit}', level },
    itemBounds,
  );
  const bytes = meter.histogram(
    'otelcol_exporter_queue_batch_send_size_bytes',
    { description: 'Bytes of each batch that the queue is given', unit: 'By', level },
    byteBounds,
  );
  return (batch) => {
    if (!items.enabled) return;
    items.record(batch.itemCount, attributes);
    bytes.record(batch.byteLength, attributes);
  };
}
