/** The exporter and the receiver as tests run them in their own process. */
import type { TestContext } from 'node:test';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';
import { factory as exporter } from '../../exporters/kafka/index.ts';
import { factory as receiver } from '../../receivers/kafka/index.ts';
import { realClock } from '../../testing/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { type CollectingSink, collectingSink } from '../../testing/sinks.ts';

type Config = Readonly<Record<string, unknown>>;

/** A started exporter, without queue and retries; the test's end stops it. */
export async function exporting<S extends Signal>(
  t: TestContext,
  broker: string,
  signal: S,
  given: Config,
): Promise<Component & Consumer<S>> {
  const config = exporter.config.parse({
    brokers: [broker],
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
    timeout: '20s',
    ...given,
  });
  const made = exporter.create(signal, realTimeSettings(realClock()), config);
  t.after(() => made.shutdown());
  await made.start();
  return made;
}

/** A receiver that is not started yet; it begins with the first record. */
export function receiverOf<S extends Signal>(
  broker: string,
  signal: S,
  given: Config,
  sink: Consumer<S>,
): Component {
  const config = receiver.config.parse({
    brokers: [broker],
    initial_offset: 'earliest',
    heartbeat_interval: '300ms',
    ...given,
  });
  return receiver.create(realTimeSettings(realClock()), config, { [signal]: sink });
}

/** A started receiver; the test's end stops it. @returns what it gets */
export async function receiving<S extends Signal>(
  t: TestContext,
  broker: string,
  signal: S,
  given: Config,
  sink: CollectingSink<S> = collectingSink<S>(),
): Promise<CollectingSink<S>> {
  const made = receiverOf(broker, signal, given, sink);
  t.after(() => made.shutdown());
  await made.start();
  return sink;
}
