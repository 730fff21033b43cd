import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Admission } from './admission.ts';

/**
 * Metrics of how full a queue is, and of how much is under way.
 * @param inFlight deliveries that have begun, retries included
 * @returns functions that unregister them
 */
export function exposeSize(
  settings: Settings,
  signal: Signal,
  admission: Admission,
  inFlight: () => number,
): (() => void)[] {
  const attributes = { exporter: settings.id, data_type: signal };
  const gauge = (name: string, description: string, read: () => number) =>
    settings.meter.gauge(name, { description, unit: '{batches}' }, read, attributes);
  const size = 'Current size of the sending queue, in units of its sizer';
  const capacity = 'Fixed capacity of the sending queue, in units of its sizer';
  const flying = 'Deliveries under way, waits for a retry included';
  return [
    gauge('otelcol_exporter_queue_size', size, () => admission.size),
    gauge('otelcol_exporter_queue_capacity', capacity, () => admission.capacity),
    gauge('otelcol_exporter_in_flight_requests', flying, inFlight),
  ];
}
