import type { Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Admit, openGrpcServer } from '../../config/groups/grpc-listen.ts';
import type { GrpcServerConfig } from '../../config/groups/grpc-server.ts';
import type { Listener } from '../../config/groups/http-listen.ts';
import { Delivery, type Kind, type Shared } from '../../pipeline/skywalking/delivery.ts';
import { kindsOf } from '../../pipeline/skywalking/kinds.ts';
import type { ServerCall, UnaryHandler } from '../../wire/grpc/server-call.ts';
import type { Method } from '../../wire/grpc/server-connection.ts';
import type { StreamMethod } from '../../wire/grpc/stream-input.ts';
import type { Instances } from '../../wire/skywalking/instances.ts';
import { Code } from '../../wire/status/code.ts';
import { encodeStatus, type Status } from '../../wire/status/status.ts';
import { type MethodInfo, methods } from './methods.ts';

/** Streams that may be open at a time: an idle one costs memory, too. */
const maxStreams = 10_000;

/** What the handlers of one listener have in common. */
interface Service {
  readonly admit: Admit;
  readonly shared: Shared;
  readonly settings: Settings;
  /** Streams that clients have open. */
  readonly streams: Set<Delivery>;
}

function answer(call: ServerCall, refusal: Status | undefined): void {
  if (refusal === undefined) call.ok();
  else if (refusal.retryDelayMs === undefined) call.fail(refusal.code, refusal.message);
  else call.fail(refusal.code, refusal.message, encodeStatus(refusal));
}

function unary(kind: Kind, { admit, shared }: Service): UnaryHandler {
  return (call, message) => {
    admit(call, (ctx) => {
      const delivery = new Delivery(kind, shared, ctx, (refusal) => answer(call, refusal));
      delivery.message(message, 0, message.length);
      delivery.end();
    });
  };
}

function stream(kind: Kind, { admit, shared, streams }: Service): StreamMethod {
  return {
    open(call, ready) {
      admit(call, (ctx) => {
        if (streams.size >= maxStreams) {
          call.fail(Code.RESOURCE_EXHAUSTED, `more than ${maxStreams} streams are open`);
          return;
        }
        const delivery = new Delivery(
          kind,
          shared,
          ctx,
          (refusal) => {
            streams.delete(delivery);
            answer(call, refusal);
          },
          call.input,
        );
        streams.add(delivery);
        ready({
          message: (chunk, start, end) => delivery.message(chunk, start, end),
          end: () => delivery.end(),
          aborted: () => {
            streams.delete(delivery);
            delivery.aborted();
          },
        });
      });
    },
  };
}

/** A call that is answered and whose data nobody asked for: what comes with it is counted. */
function passedOver({ admit, settings }: Service, reply?: Uint8Array): StreamMethod {
  return {
    open(call, ready) {
      const message = (): void => {
        settings.ledger.dropped('profiling_not_supported', 1);
        if (reply !== undefined) call.ok(reply);
      };
      admit(call, () => ready({ message, end: () => call.ok(reply), aborted: () => undefined }));
    },
  };
}

function methodOf(info: MethodInfo, service: Service, kinds: ReturnType<typeof kindsOf>): Method {
  const { admit } = service;
  if (info.kind === undefined) {
    if (info.streams) return passedOver(service, info.reply);
    return (call) => admit(call, () => call.ok());
  }
  const kind = kinds[info.kind];
  return info.streams ? stream(kind, service) : unary(kind, service);
}

/** Starts the gRPC side. */
export async function listenGrpc(
  config: GrpcServerConfig,
  settings: Settings,
  next: Consumers,
  instances: Instances,
): Promise<Listener> {
  const kinds = kindsOf(settings, next, instances, 'grpc');
  const streams = new Set<Delivery>();
  const listener = await openGrpcServer(config, settings, (admit) => {
    const service = { admit, shared: settings, settings, streams };
    const known = new Map<string, Method>();
    for (const info of methods) {
      if (info.kind?.startsWith('segment') && next.traces === undefined) continue;
      const method = methodOf(info, service, kinds);
      for (const path of info.paths) known.set(path, method);
    }
    return known;
  });
  return {
    address: listener.address,
    close: (drainMs) => {
      // What has come is accepted; an agent opens its next stream elsewhere.
      for (const delivery of [...streams]) delivery.end();
      return listener.close(drainMs);
    },
  };
}
