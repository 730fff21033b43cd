import assert from 'node:assert/strict';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Factory } from '../../component/factory.ts';
import type { Signal } from '../../component/signals.ts';
import { type FakeClock, settle } from '../clock.ts';
import { type TestSettings, testSettings } from '../settings.ts';
import { type FaultySink, faultySink } from './faulty-sink.ts';
import { type NumberedSignal, numberedSignals } from './numbered.ts';
import type { PassingRig } from './passing-rigs.ts';

/** A processor or connector at work, between an edge that counts and sinks that refuse. */
export interface Passing {
  readonly rig: PassingRig;
  readonly signal: NumberedSignal;
  readonly component: Component;
  /** Where data goes in. */
  readonly entry: Consumer<NumberedSignal>;
  readonly sinks: readonly FaultySink[];
  readonly settings: TestSettings;
  readonly clock: FakeClock;
}

/** Signals that a factory takes of those that there are numbers for. */
export function takenSignals(factory: Factory<unknown>, rig?: PassingRig): NumberedSignal[] {
  const own =
    factory.kind === 'connector'
      ? numberedSignals.filter((signal) => factory.pairs.some(([from]) => from === signal))
      : numberedSignals.filter((signal) => factory.stability[signal] !== undefined);
  return own.filter((signal) => rig?.signals?.includes(signal) ?? true);
}

/** Starts one. @param budgetBytes of memory */
export async function startPassing(
  factory: Factory<unknown>,
  rig: PassingRig,
  signal: NumberedSignal,
  budgetBytes?: number,
): Promise<Passing> {
  const settings = testSettings({ ...(budgetBytes === undefined ? {} : { budgetBytes }) });
  const { book, clock } = settings;
  book.node('source', 'source');
  const to = outSignal(factory, signal);
  const names = rig.pipelines ?? ['only'];
  const sinks = names.map(() => faultySink(to));
  const edges = sinks.map((sink, i) => {
    book.node(names[i]!, 'source');
    return book.edge<Signal>('test', names[i]!, sink);
  });
  const component = create(factory, signal, { settings, edges, names, config: rig.config });
  await component.start();
  const entry = book.edge('source', 'test', component) as Consumer<NumberedSignal>;
  return { rig, signal, component, entry, sinks, settings, clock };
}

function outSignal(factory: Factory<unknown>, signal: NumberedSignal): Signal {
  if (factory.kind !== 'connector') return signal;
  const pairs = factory.pairs.filter(([from]) => from === signal);
  return pairs.some(([, to]) => to === signal) ? signal : pairs[0]![1];
}

interface Parts {
  readonly settings: TestSettings;
  readonly edges: readonly Consumer<Signal>[];
  readonly names: readonly string[];
  readonly config: object;
}

function create(
  factory: Factory<unknown>,
  signal: NumberedSignal,
  { settings, edges, names, config: given }: Parts,
): Component & Consumer<Signal> {
  const config = factory.config.parse(given);
  const [first] = edges as [Consumer<Signal>];
  if (factory.kind === 'processor') {
    return factory.create(signal, settings, config, first) as Component & Consumer<Signal>;
  }
  assert.equal(factory.kind, 'connector');
  const to = outSignal(factory, signal);
  const pipelines = new Map(edges.map((edge, i) => [`${to}/${names[i]}`, edge] as const));
  const next = { mutates: false, pipelines, consume: first.consume.bind(first) };
  return factory.create(signal, to, settings, config, next) as Component & Consumer<Signal>;
}

/** Waits for something while time passes. */
export async function inTime<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let done = false;
  const ended = promise.finally(() => {
    done = true;
  });
  ended.catch(() => {});
  for (let i = 0; !done && i < 2000; i += 1) await clock.advance(100);
  assert.ok(done, 'it does not end, however much time passes');
  return ended;
}

/** Numbers of all items that the sinks have, doubles included. */
export function takenBy({ sinks }: Passing): number[] {
  return sinks.flatMap(({ taken }) => taken);
}

/** Items that the component said it dropped, by reason. */
export function droppedBy({ settings }: Passing): Readonly<Record<string, number>> {
  return settings.book.snapshot().nodes.find(({ node }) => node === 'test')?.dropped ?? {};
}

export function heldBy({ settings }: Passing): number {
  return settings.book.snapshot().nodes.find(({ node }) => node === 'test')?.held ?? 0;
}

/** Shuts down, twice; afterwards nothing is left and nothing more goes out. */
export async function stopPassing(passing: Passing): Promise<void> {
  const { component, clock, settings, sinks } = passing;
  await inTime(clock, component.shutdown());
  await inTime(clock, component.shutdown());
  const calls = sinks.map(({ calls: { all } }) => all);
  await clock.advance(120_000);
  await settle();
  assert.deepEqual(
    sinks.map(({ calls: { all } }) => all),
    calls,
    'data goes out after shutdown',
  );
  assert.equal(clock.pending, 0, 'timers are left');
  assert.equal(settings.meter.gauges, 0, 'gauges are left');
  assert.equal(settings.budget.used, 0, 'memory is still reserved');
  assert.equal(heldBy(passing), 0, 'items are still held');
  assert.deepEqual(settings.book.check(), [], 'the ledger does not balance');
  assert.deepEqual(settings.host.faults, []);
}
