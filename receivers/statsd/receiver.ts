import type { AddressInfo } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { openAt } from '../../config/groups/listen.ts';
import { Aggregator } from './aggregator.ts';
import type { StatsdConfig } from './config.ts';
import type { StatsdServer } from './server.ts';

type Listen = (
  settings: Settings,
  config: StatsdConfig,
  aggregator: Aggregator,
) => Promise<StatsdServer>;

/** Receives lines of StatsD and hands on what they amount to in each interval. */
export class StatsdReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: StatsdConfig;
  readonly #aggregator: Aggregator;
  #server: StatsdServer | undefined;

  constructor(settings: Settings, config: StatsdConfig, next: Consumer<'metrics'>) {
    this.#settings = settings;
    const fallback =
      config.transport === 'unixgram' ? '/var/run/statsd-receiver.sock' : 'localhost:8125';
    this.#config = config.endpoint === '' ? { ...config, endpoint: fallback } : config;
    this.#aggregator = new Aggregator(settings, this.#config, next);
  }

  /** What is bound, once started. */
  get address(): AddressInfo | string | undefined {
    return this.#server?.address;
  }

  async start(): Promise<void> {
    const { endpoint, transport } = this.#config;
    this.#server = await openAt(endpoint, async () => {
      const listen = await listenerFor(transport);
      return listen(this.#settings, this.#config, this.#aggregator);
    });
    this.#aggregator.start();
  }

  async shutdown(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.close();
    await this.#aggregator.stop();
  }
}

async function listenerFor(transport: string): Promise<Listen> {
  if (transport.startsWith('udp')) return (await import('./udp.ts')).listenUdp;
  if (transport.startsWith('tcp')) return (await import('./tcp.ts')).listenTcp;
  if (transport === 'unixgram') return (await import('./unixgram.ts')).listenUnixgram;
  throw new Error(`unsupported transport ${JSON.stringify(transport)}`);
}
