import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ExporterFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { createExporter } from '../../pipeline/exporter.ts';
import { OtlpGrpcBackend } from '../../pipeline/otlp-grpc/backend.ts';
import { backendSettings, frontSettings } from './backend-settings.ts';
import { Balancer } from './balancer.ts';
import { type Config, config } from './config.ts';
import { realWorld, resolverOf, type World } from './resolver.ts';
import { metrics, Telemetry } from './telemetry.ts';

/** The exporter in a world of its own, for tests. */
export function createIn<S extends Signal>(
  world: World,
  signal: S,
  settings: Settings,
  given: Config,
): Component & Consumer<S> {
  const { resolver, protocol, sending_queue: queue, retry_on_failure: retry } = given;
  const [kind = ''] = Object.keys(resolver).filter((key) => Reflect.get(resolver, key));
  const telemetry = new Telemetry(settings, kind, signal);
  const balancer = new Balancer<S>({
    signal,
    settings,
    config: given,
    telemetry,
    resolver: resolverOf(given, settings, telemetry, world),
    create(endpoint) {
      const own = backendSettings(settings, endpoint);
      const otlp = { ...protocol.otlp, endpoint };
      return createExporter(signal, own, otlp, new OtlpGrpcBackend(signal, own, otlp));
    },
  });
  // with retries, a queue in memory lets the sender know what became of its data
  const waits = retry !== undefined && queue !== undefined && queue.storage === undefined;
  const delivery = {
    timeout: Math.max(0, given.timeout),
    retry_on_failure: retry,
    sending_queue: waits ? { ...queue, wait_for_result: true } : queue,
  };
  return createExporter(signal, frontSettings(settings), delivery, balancer);
}

/** Sends each trace, service or stream to one of several backends. */
export const factory: ExporterFactory<Config> = {
  kind: 'exporter',
  type: 'load_balancing',
  aliases: ['loadbalancing'],
  stability: { traces: 'beta', logs: 'beta', metrics: 'development' },
  description: 'Sends what belongs together to one of several backends, by OTLP over gRPC.',
  config,
  metrics,
  create: (signal, settings, given) => createIn(realWorld, signal, settings, given),
};
