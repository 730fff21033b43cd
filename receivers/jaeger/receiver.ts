import type { AddressInfo } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { JaegerReceiverConfig } from './config.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 5000;

interface Running {
  readonly address: AddressInfo | string;
  close(drainMs: number): Promise<void>;
}

type Protocol = keyof JaegerReceiverConfig['protocols'];

/** Receives Jaeger's spans: one listener for each protocol that is configured. */
export class JaegerReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: JaegerReceiverConfig;
  readonly #next: Consumer<'traces'>;
  readonly #running = new Map<Protocol, Running>();

  constructor(settings: Settings, config: JaegerReceiverConfig, next: Consumer<'traces'>) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
  }

  /** Port that a protocol is received on; 0 = none. */
  port(protocol: Protocol): number {
    const address = this.#running.get(protocol)?.address;
    return typeof address === 'object' ? address.port : 0;
  }

  async start(): Promise<void> {
    const { grpc, thrift_http: http, thrift_binary, thrift_compact } = this.#config.protocols;
    for (const [protocol, udp] of Object.entries({ thrift_binary, thrift_compact })) {
      if (udp === undefined) continue;
      const { UdpListener } = await import('./udp.ts');
      const compact = protocol === 'thrift_compact';
      const listener = new UdpListener(this.#settings, udp, this.#next, compact);
      await listener.start();
      this.#running.set(protocol as Protocol, listener);
    }
    if (http !== undefined) {
      const { listenHttp } = await import('./http.ts');
      const listener = await openAt(http.endpoint, () =>
        listenHttp(http, this.#settings, this.#next),
      );
      this.#running.set('thrift_http', listener);
    }
    if (grpc !== undefined) {
      const { listenGrpc } = await import('./grpc.ts');
      const listener = await openAt(grpc.endpoint, () =>
        listenGrpc(grpc, this.#settings, this.#next),
      );
      this.#running.set('grpc', listener);
    }
  }

  async shutdown(): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map((one) => one.close(drainMs)));
  }
}
