import { getHeapStatistics } from 'node:v8';
import type { Clock, Meter } from '../../component/settings.ts';

/** Registers what the process says of itself, under the Go collector's names. */
export function registerProcessMetrics(meter: Meter, clock: Clock): void {
  const started = clock.monotonicMs();
  const gauge = (name: string, description: string, unit: string, observe: () => number) =>
    meter.gauge(`otelcol_process_${name}`, { description, unit }, observe);
  const growing = (name: string, description: string, unit: string, observe: () => number) =>
    meter.gauge(`otelcol_process_${name}`, { description, unit, monotonic: true }, observe);
  growing('uptime', 'Uptime of the process', 's', () => (clock.monotonicMs() - started) / 1000);
  growing('cpu_seconds', 'Total CPU user and system time in seconds', 's', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge('memory_rss', 'Total physical memory (resident set size)', 'By', () =>
    process.memoryUsage.rss(),
  );
  gauge('runtime_heap_alloc_bytes', 'Bytes of live heap and external objects', 'By', () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  });
  gauge('runtime_total_sys_memory_bytes', 'Bytes of memory got from the OS', 'By', () => {
    const heap = getHeapStatistics();
    return heap.total_heap_size + heap.external_memory;
  });
}
