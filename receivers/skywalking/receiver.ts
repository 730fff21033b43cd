import type { AddressInfo } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import type { Listener } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import { Instances } from '../../wire/skywalking/instances.ts';
import type { SkywalkingConfig } from './config.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 5000;

/** The SkyWalking receiver: one listener for each protocol that is configured. */
export class SkywalkingReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: SkywalkingConfig;
  readonly #next: Consumers;
  readonly #instances = new Instances();
  #listeners: Listener[] = [];
  /** What is bound, once started. */
  addresses: { grpc?: AddressInfo | string; http?: AddressInfo | string } = {};

  constructor(settings: Settings, config: SkywalkingConfig, next: Consumers) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
  }

  async start(): Promise<void> {
    const { grpc, http } = this.#config.protocols;
    const missing = (['metrics', 'logs'] as const).filter((signal) => !(signal in this.#next));
    if (missing.length > 0) {
      this.#settings.logger.info('Messages that no pipeline takes are answered and passed over', {
        signals: missing,
      });
    }
    if (grpc !== undefined) {
      const { listenGrpc } = await import('./grpc.ts');
      const listener = await openAt(grpc.endpoint, () =>
        listenGrpc(grpc, this.#settings, this.#next, this.#instances),
      );
      this.#listeners.push(listener);
      this.addresses.grpc = listener.address;
    }
    if (http !== undefined) {
      const { listenHttp } = await import('./http.ts');
      const listener = await openAt(http.endpoint, () =>
        listenHttp(http, this.#settings, this.#next, this.#instances),
      );
      this.#listeners.push(listener);
      this.addresses.http = listener.address;
    }
  }

  async shutdown(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    await Promise.all(listeners.map((listener) => listener.close(drainMs)));
  }
}
