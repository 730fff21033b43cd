import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { openGrpcServer } from '../../config/groups/grpc-listen.ts';
import type { GrpcServerConfig } from '../../config/groups/grpc-server.ts';
import type { Listener } from '../../config/groups/http-listen.ts';
import { SpanIntake, type SpanOutcome } from '../../pipeline/span-intake.ts';
import type { ServerCall } from '../../wire/grpc/server-call.ts';
import { JaegerProto } from '../../wire/jaeger/proto.ts';
import { Code } from '../../wire/status/code.ts';

const postSpans = '/jaeger.api_v2.CollectorService/PostSpans';

/** Starts the gRPC side. */
export function listenGrpc(
  config: GrpcServerConfig,
  settings: Settings,
  next: Consumer<'traces'>,
): Promise<Listener> {
  const intake = new SpanIntake(settings, next, 'grpc');
  const reader = new JaegerProto();
  return openGrpcServer(config, settings, (admit) => {
    const handle = (call: ServerCall, message: Buffer): void =>
      admit(call, (ctx) =>
        intake.take(
          () => reader.request(message),
          ctx,
          (outcome) => answer(call, outcome),
        ),
      );
    return new Map([[postSpans, handle]]);
  });
}

function answer(call: ServerCall, outcome: SpanOutcome): void {
  if (outcome.kind === 'accepted') call.ok();
  else if (outcome.kind !== 'refused') call.fail(Code.INVALID_ARGUMENT, outcome.text);
  else call.fail(outcome.error.status, outcome.error.message);
}
