import type { Consumer, Consumers } from '../../component/consumer.ts';
import type { Settings, Tracer } from '../../component/settings.ts';
import { type Signal, signals } from '../../component/signals.ts';
import { type Admit, openGrpcServer } from '../../config/groups/grpc-listen.ts';
import type { GrpcServerConfig } from '../../config/groups/grpc-server.ts';
import type { Listener } from '../../config/groups/http-listen.ts';
import { Ingest } from '../../pipeline/otlp-http/ingest.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import type { ServerCall, UnaryHandler } from '../../wire/grpc/server-call.ts';
import { encodeStatus } from '../../wire/status/status.ts';

function handlerFor<S extends Signal>(
  signal: S,
  next: Consumer<S>,
  settings: Settings,
  admit: Admit,
): UnaryHandler {
  const ingest = new Ingest(signal, next, settings, 'grpc');
  const { tracer } = settings;
  const name = otlpPaths[signal].slice(1);
  return (call, message) => {
    admit(call, (given) => {
      const span = tracer.enabled
        ? tracer.start(name, 'server', parentOf(tracer, call))
        : undefined;
      const ctx = span === undefined ? given : { ...given, traceparent: span.traceparent };
      ingest.take(message, 'protobuf', ctx, (refusal) => {
        span?.set('rpc.system.name', 'grpc');
        span?.end(refusal?.message);
        if (refusal === undefined) call.ok();
        else if (refusal.retryDelayMs === undefined) call.fail(refusal.code, refusal.message);
        else call.fail(refusal.code, refusal.message, encodeStatus(refusal));
      });
    });
  };
}

function parentOf(tracer: Tracer, { headers = [] }: ServerCall): string | undefined {
  return tracer.extract((name) => {
    for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
    return undefined;
  });
}

/** Starts the gRPC side for the signals that have a consumer. */
export function listenGrpc(
  config: GrpcServerConfig,
  settings: Settings,
  next: Consumers,
): Promise<Listener> {
  return openGrpcServer(config, settings, (admit) => {
    const methods = new Map<string, UnaryHandler>();
    for (const signal of signals) {
      const consumer = next[signal] as Consumer<typeof signal> | undefined;
      if (consumer === undefined) continue;
      methods.set(otlpPaths[signal], handlerFor(signal, consumer, settings, admit));
    }
    return methods;
  });
}
