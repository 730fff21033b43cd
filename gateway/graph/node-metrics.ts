import type { Environment } from './environment.ts';
import type { NodePlan } from './plan.ts';

/** Processors of which the Go collector does not count what passes: they hold it, or cut it anew. */
const uncounted: ReadonlySet<string> = new Set([
  'batch',
  'tail_sampling',
  'groupbytrace',
  'queuebatch',
]);

/**
 * Registers `otelcol_processor_incoming_items` and `_outgoing_items` of a processor; the pipelines
 * that it is in are added up.
 * @returns unregisters them
 */
export function measure(plan: NodePlan, { meter, ledger }: Environment): () => void {
  const { kind, id, factory } = plan.component;
  if (kind !== 'processor' || uncounted.has(factory.type)) return () => {};
  const { incoming, outgoing } = ledger.passing(plan.name);
  const attributes = { processor: id, otel_signal: plan.fields['otelcol.signal'] ?? '' };
  const gauge = (what: string, description: string, read: () => number) =>
    meter.gauge(
      `otelcol_processor_${what}_items`,
      { description, unit: '{items}', monotonic: true },
      read,
      attributes,
    );
  const gauges = [
    gauge('incoming', 'Number of items passed to the processor', incoming),
    gauge('outgoing', 'Number of items emitted from the processor', outgoing),
  ];
  return () => {
    for (const unregister of gauges) unregister();
  };
}
