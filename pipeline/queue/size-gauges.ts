import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Admission } from './admission.ts';

/** Metrics of how full a queue is. @returns functions that unregister them */
export function exposeSize(
  settings: Settings,
  signal: Signal,
  admission: Admission,
): (() => void)[] {
  const attributes = { exporter: settings.id, data_type: signal };
  const gauge = (name: string, description: string, read: () => number) =>
    settings.meter.gauge(name, { description, unit: '{batches}' }, read, attributes);
  const size = 'Current size of the sending queue, in units of its sizer';
  const capacity = 'Fixed capacity of the sending queue, in units of its sizer';
  return [
    gauge('otelcol_exporter_queue_size', size, () => admission.size),
    gauge('otelcol_exporter_queue_capacity', capacity, () => admission.capacity),
  ];
}
