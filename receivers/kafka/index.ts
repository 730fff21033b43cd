import type { Component } from '../../component/component.ts';
import type { Consumer, Consumers } from '../../component/consumer.ts';
import type { ReceiverFactory } from '../../component/factory.ts';
import { receiptMetrics } from '../../component/receipts.ts';
import type { Settings } from '../../component/settings.ts';
import { type Signal, signals } from '../../component/signals.ts';
import { config, type KafkaReceiverConfig } from './config.ts';
import { SignalReader } from './signal-reader.ts';
import { kafkaMetrics } from './telemetry.ts';

/** A member of the group for each signal that a pipeline wants. */
function create(settings: Settings, given: KafkaReceiverConfig, next: Consumers): Component {
  let readers: SignalReader<Signal>[] = [];
  return {
    async start() {
      readers = signals.flatMap((signal) => {
        const consumer = next[signal] as Consumer<Signal> | undefined;
        if (consumer === undefined) return [];
        return [new SignalReader<Signal>(signal, settings, given, consumer)];
      });
      for (const reader of readers) await reader.start();
    },
    async shutdown() {
      const running = readers;
      readers = [];
      await Promise.all(running.map((reader) => reader.shutdown()));
    },
  };
}

/** Reads topics of Kafka as a member of a consumer group. */
export const factory: ReceiverFactory<KafkaReceiverConfig> = {
  kind: 'receiver',
  type: 'kafka',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Reads topics of Kafka as a member of a consumer group.',
  config,
  metrics: [...receiptMetrics(signals), ...kafkaMetrics],
  create,
};
