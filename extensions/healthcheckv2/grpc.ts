import type * as Grpc from '@grpc/grpc-js';
import type { Settings } from '../../component/settings.ts';
import { authenticate, refuseMiddlewares, serverAuth } from '../../config/groups/auth.ts';
import type { GrpcServerConfig } from '../../config/groups/grpc-server.ts';
import { listenAddress } from '../../config/groups/listen.ts';
import { loadTlsServer } from '../../config/groups/tls-load.ts';
import { scopeOf } from './aggregate.ts';
import type { ComponentHealth } from './config.ts';
import { serving, servingOf } from './health.ts';
import type { Statuses } from './http.ts';

/** HealthCheckRequest: field 1, the service's name. @throws Error for bytes that are none */
export function decodeService(bytes: Buffer): string {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new Error('cannot read HealthCheckRequest');
  };
  let service = '';
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7) === 0) varint();
    else if ((tag & 7) === 2) {
      const end = varint() + at;
      if (end > bytes.length) throw new Error('cannot read HealthCheckRequest');
      if (tag >> 3 === 1) service = bytes.toString('utf8', at, end);
      at = end;
    } else throw new Error('cannot read HealthCheckRequest');
  }
  return service;
}

/** HealthCheckResponse: field 1, the status. */
function encodeServing(status: number): Buffer {
  return Buffer.from([8, status]);
}

interface Asked {
  readonly service: string;
}

const path = '/grpc.health.v1.Health/';
const common = {
  // An object: grpc-js takes an empty text for no message.
  requestDeserialize: (bytes: Buffer): Asked => ({ service: decodeService(bytes) }),
  requestSerialize: ({ service }: Asked) =>
    Buffer.from([10, service.length, ...Buffer.from(service)]),
  responseSerialize: encodeServing,
  responseDeserialize: (bytes: Buffer) => bytes[1] ?? 0,
};
const methods = {
  check: { path: `${path}Check`, requestStream: false, responseStream: false, ...common },
  watch: { path: `${path}Watch`, requestStream: false, responseStream: true, ...common },
} as const;

/** How often a watch looks for recoverable errors that have lasted too long. */
const lookMs = 1000;

async function credentials(
  grpc: typeof Grpc,
  config: GrpcServerConfig,
): Promise<Grpc.ServerCredentials> {
  if (config.tls === undefined) return grpc.ServerCredentials.createInsecure();
  const { cert, key, ca, requestCert } = await loadTlsServer(config.tls);
  const pair = { cert_chain: Buffer.from(String(cert)), private_key: Buffer.from(String(key)) };
  const roots = requestCert ? Buffer.from([ca].flat().join('\n')) : null;
  return grpc.ServerCredentials.createSsl(roots, [pair], requestCert === true);
}

function options(config: GrpcServerConfig): Grpc.ServerOptions {
  const server = config.keepalive?.server_parameters;
  const given = {
    'grpc.max_receive_message_length': config.max_recv_msg_size_mib * (1 << 20),
    'grpc.max_concurrent_streams': config.max_concurrent_streams,
    'grpc.max_connection_idle_ms': server?.max_connection_idle,
    'grpc.max_connection_age_ms': server?.max_connection_age,
    'grpc.max_connection_age_grace_ms': server?.max_connection_age_grace,
    'grpc.keepalive_time_ms': server?.time,
    'grpc.keepalive_timeout_ms': server?.timeout,
  };
  const set = Object.entries(given).filter(([, value]) => value !== undefined && value > 0);
  return Object.fromEntries(set);
}

function bindAddress(config: GrpcServerConfig): string {
  const address = listenAddress(config);
  if ('path' in address) return `unix:${address.path}`;
  const host = address.host ?? '0.0.0.0';
  return `${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

/** The gRPC health service (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). */
export class HealthService {
  readonly #settings: Settings;
  readonly #config: GrpcServerConfig;
  readonly #health: ComponentHealth | undefined;
  readonly #statuses: Statuses;
  #server: Grpc.Server | undefined;
  /** What ends each watch. */
  readonly #watches = new Set<() => void>();
  /** What is bound, once started. */
  port = 0;

  constructor(
    settings: Settings,
    config: GrpcServerConfig,
    health: ComponentHealth | undefined,
    statuses: Statuses,
  ) {
    this.#settings = settings;
    this.#config = config;
    this.#health = health;
    this.#statuses = statuses;
  }

  async start(): Promise<void> {
    const config = this.#config;
    const grpc = await import('@grpc/grpc-js');
    refuseMiddlewares(this.#settings.host, config.middlewares);
    const admit = this.#admission(grpc.status.UNAUTHENTICATED);
    const server = new grpc.Server(options(config));
    this.#server = server;
    server.addService(methods, {
      check: (call: Grpc.ServerUnaryCall<Asked, number>, done: Grpc.sendUnaryData<number>) => {
        admit(call, done, () => {
          const status = this.#servingOf(call.request.service);
          if (status !== undefined) done(null, status);
          else done({ code: grpc.status.NOT_FOUND, details: 'Service not found.' });
        });
      },
      watch: (call: Grpc.ServerWritableStream<Asked, number>) => {
        const fail = (error: Partial<Grpc.StatusObject>) => call.emit('error', error);
        admit(call, fail, () => this.#watch(call, grpc.status.CANCELLED));
      },
    });
    const bound = await credentials(grpc, config);
    this.port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(bindAddress(config), bound, (error, port) => {
        if (error === null) resolve(port);
        else reject(new Error(`cannot listen on ${config.endpoint}: ${error.message}`));
      });
    });
  }

  async shutdown(): Promise<void> {
    for (const end of this.#watches) end();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = this.#settings.clock.after(1000, () => server.forceShutdown());
      server.tryShutdown(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #servingOf(scope: string): number | undefined {
    const found = scopeOf(this.#statuses(), scope);
    const now = this.#settings.clock.unixMs();
    return found === undefined ? undefined : servingOf(found, this.#health, now);
  }

  #admission(code: number) {
    const auth = serverAuth(this.#settings.host, this.#config.auth);
    return (
      call: Grpc.ServerUnaryCall<Asked, number> | Grpc.ServerWritableStream<Asked, number>,
      refuse: (error: Partial<Grpc.StatusObject>) => void,
      then: () => void,
    ): void => {
      if (auth === undefined) {
        then();
        return;
      }
      const names = Object.keys(call.metadata.getMap());
      const headers = new Map(names.map((name) => [name, call.metadata.get(name).map(String)]));
      authenticate(auth, headers, call.getPeer(), then, (details) => refuse({ code, details }));
    };
  }

  #watch(call: Grpc.ServerWritableStream<Asked, number>, cancelled: number): void {
    const { clock, host } = this.#settings;
    let last = -1;
    const tell = (): void => {
      const status = this.#servingOf(call.request.service) ?? serving.SERVICE_UNKNOWN;
      if (status === last) return;
      last = status;
      call.write(status);
    };
    let timer = clock.after(lookMs, look);
    function look(): void {
      tell();
      timer = clock.after(lookMs, look);
    }
    const stop = host.view.watchStatuses(tell);
    const forget = (): void => {
      stop();
      timer.cancel();
      this.#watches.delete(end);
    };
    const end = (): void => {
      forget();
      call.emit('error', { code: cancelled, details: 'Server shutting down.' });
    };
    this.#watches.add(end);
    call.on('cancelled', forget);
    call.on('close', forget);
    tell();
  }
}
