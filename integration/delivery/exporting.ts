/** An exporter at work between an edge that counts and servers that fail. */
import assert from 'node:assert/strict';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Factory } from '../../component/factory.ts';
import { itemNames } from '../../component/signals.ts';
import { realClock } from '../../testing/clock.ts';
import type { NumberedSignal } from '../../testing/contract/numbered.ts';
import type { MemoryStorage } from '../../testing/record-log.ts';
import { realTimeSettings, storageExtension } from '../../testing/settings.ts';
import { until } from '../../testing/until.ts';

export interface Exporting {
  readonly signal: NumberedSignal;
  readonly component: Component;
  readonly entry: Consumer<NumberedSignal>;
  readonly settings: ReturnType<typeof realTimeSettings>;
}

export interface ExportingOptions {
  readonly budgetBytes?: number;
  /** What the extension `storage` keeps. */
  readonly storage?: MemoryStorage;
}

export async function startExporting(
  factory: Factory<unknown>,
  signal: NumberedSignal,
  config: object,
  { budgetBytes, storage }: ExportingOptions = {},
): Promise<Exporting> {
  assert.equal(factory.kind, 'exporter');
  const extensions = new Map(storage ? [['storage', storageExtension(storage)] as const] : []);
  const budget = budgetBytes === undefined ? {} : { budgetBytes };
  const settings = realTimeSettings(realClock(), { id: factory.type, extensions, ...budget });
  const { book } = settings;
  book.node('source', 'source');
  const component = factory.create(signal, settings, factory.config.parse(config));
  await component.start();
  const entry = book.edge('source', factory.type, component) as Consumer<NumberedSignal>;
  return { signal, component, entry, settings };
}

export function nodeOf({ settings }: Exporting) {
  return settings.book.snapshot().nodes.find(({ node }) => node === settings.id)!;
}

export const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** Value of a metric of exporters: `sent`, `send_failed`, `enqueue_failed`. */
export function counted({ settings, signal }: Exporting, what: string): number {
  const attributes = { exporter: settings.id };
  return settings.meter.value(`otelcol_exporter_${what}_${itemNames[signal]}`, attributes);
}

/** Waits until nothing is held. */
export function drained(exporting: Exporting): Promise<void> {
  return until(() => nodeOf(exporting).held === 0, 'the queue is empty');
}

/** Shuts down; nothing is left afterwards. */
export async function stopExporting(exporting: Exporting): Promise<void> {
  const { component, settings } = exporting;
  await component.shutdown();
  await component.shutdown();
  assert.equal(settings.meter.gauges, 0, 'gauges are left');
  assert.equal(settings.budget.used, 0, 'memory is still reserved');
  assert.deepEqual(settings.book.check(), [], 'the ledger does not balance');
  assert.deepEqual(settings.host.faults, []);
}
