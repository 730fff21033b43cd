import { createServer, type Socket } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ListenAddress, Settings } from '../../component/settings.ts';
import { openAt } from '../../config/groups/listen.ts';
import { TcpServer } from '../../config/groups/tcp.ts';
import { openUdp, type UdpPort } from '../../config/groups/udp.ts';
import { parseEndpoint } from '../../config/schema/index.ts';
import { encodeEntries } from '../../stanza/entry/encode.ts';
import { Delivery } from '../../stanza/receiver/delivery.ts';
import { type FluentForwardConfig, unixPath } from './config.ts';
import { FluentConnection } from './connection.ts';
import { fluentCounters } from './counters.ts';
import type { ForwardEvent } from './event.ts';

/** Records that one batch has at most, about. */
const batchRecords = 2000;

interface Waiting {
  readonly event: ForwardEvent;
  readonly done: (accepted: boolean) => void;
}

/** Receives logs by the Fluent forward protocol. */
export class FluentForwardReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: FluentForwardConfig;
  readonly #delivery: Delivery;
  readonly #counters: ReturnType<typeof fluentCounters>;
  readonly #connections = new Set<FluentConnection>();
  #server: TcpServer | undefined;
  #heartbeat: UdpPort | undefined;
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;

  constructor(settings: Settings, config: FluentForwardConfig, next: Consumer<'logs'>) {
    this.#settings = settings;
    this.#config = config;
    this.#counters = fluentCounters(settings.meter);
    const retry = { enabled: false, initial_interval: 0, max_interval: 0, max_elapsed_time: 0 };
    this.#delivery = new Delivery(settings, next, retry, 'http');
  }

  /** Port that is listened on. */
  get port(): number {
    return this.#server?.port ?? 0;
  }

  async start(): Promise<void> {
    const { endpoint } = this.#config;
    const path = unixPath(endpoint);
    const server = createServer((socket) => this.#accept(socket));
    const open = (at: ListenAddress): Promise<TcpServer> =>
      openAt(JSON.stringify(endpoint), () => TcpServer.open(server, at, this.#settings));
    if (path !== undefined) {
      this.#server = await open({ path });
      return;
    }
    const parsed = endpoint === '' ? { host: 'localhost', port: 0 } : parseEndpoint(endpoint)!;
    const { host, port } = parsed;
    this.#server = await open(host === '' ? { port } : { host, port });
    await this.#answerHeartbeats(host);
  }

  /** A UDP packet of one byte is sent back: the sender learns that somebody is here. */
  async #answerHeartbeats(host: string): Promise<void> {
    const { port } = this;
    const socket = await openUdp(this.#settings.host, { host, port }, {}, (data, from) => {
      if (data.length > 0) socket.send(data.subarray(0, 1), from.port, from.address);
    }).catch((error: Error) => {
      throw new Error(`cannot listen for heartbeats on UDP port ${port}: ${error.message}`);
    });
    this.#heartbeat = socket;
  }

  #accept(socket: Socket): void {
    this.#counters.opened.add(1);
    const connection = new FluentConnection(socket, this.#settings, this.#counters, (event, done) =>
      this.#take({ event, done }),
    );
    this.#connections.add(connection);
    socket.on('close', () => {
      this.#connections.delete(connection);
      this.#counters.closed.add(1);
    });
  }

  #take(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  /** What came while a batch was under way makes the next one. */
  async #send(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group: Waiting[] = [];
      let records = 0;
      while (this.#waiting.length > group.length && records < batchRecords) {
        const next = this.#waiting[group.length]!;
        group.push(next);
        records += next.event.entries.length;
      }
      this.#waiting.splice(0, group.length);
      this.#counters.records.add(records);
      const entries = group.flatMap(({ event }) => event.entries);
      const outcome = await this.#delivery.deliver(encodeEntries(entries));
      for (const { done } of group) done(outcome === 'accepted');
    }
  }

  async shutdown(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const heartbeat = this.#heartbeat;
    this.#heartbeat = undefined;
    await heartbeat?.close();
    await server?.stop(false);
    for (const connection of this.#connections) connection.end();
    await this.#sending;
    for (const connection of this.#connections) connection.close();
    await server?.gone();
    this.#delivery.stop();
  }
}
