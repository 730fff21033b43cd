import type { Socket as UdpSocket } from 'node:dgram';
import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { bindUdp, closeUdp } from '../../config/groups/udp.ts';
import { parseEndpoint } from '../../config/schema/index.ts';
import { encodeEntries } from '../../stanza/entry/encode.ts';
import { Delivery } from '../../stanza/receiver/delivery.ts';
import { type FluentForwardConfig, unixPath } from './config.ts';
import { FluentConnection } from './connection.ts';
import { fluentCounters } from './counters.ts';
import type { ForwardEvent } from './event.ts';

/** Records that one batch has at most, about. */
const batchRecords = 2000;
const maxConnections = 10_000;

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
  #server: Server | undefined;
  #heartbeat: UdpSocket | undefined;
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
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async start(): Promise<void> {
    const { endpoint } = this.#config;
    const path = unixPath(endpoint);
    const server = createServer((socket) => this.#accept(socket));
    server.maxConnections = maxConnections;
    this.#server = server;
    if (path !== undefined) {
      await listen(server, endpoint, { path });
      return;
    }
    const parsed = endpoint === '' ? { host: 'localhost', port: 0 } : parseEndpoint(endpoint)!;
    const { host, port } = parsed;
    await listen(server, endpoint, host === '' ? { port } : { host, port });
    await this.#answerHeartbeats(host);
  }

  /** A UDP packet of one byte is sent back: the sender learns that somebody is here. */
  async #answerHeartbeats(host: string): Promise<void> {
    const { port } = this;
    const socket = await bindUdp({ host, port }, {}, (error) =>
      this.#settings.host.fatal(error),
    ).catch((error: Error) => {
      throw new Error(`cannot listen for heartbeats on UDP port ${port}: ${error.message}`);
    });
    this.#heartbeat = socket;
    socket.on('message', (data, from) => {
      if (data.length > 0) socket.send(data.subarray(0, 1), from.port, from.address);
    });
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
    const closed = server && new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const connection of this.#connections) connection.end();
    await this.#sending;
    for (const connection of this.#connections) connection.close();
    await closed;
    await closeUdp(heartbeat);
    const path = unixPath(this.#config.endpoint);
    if (server !== undefined && path !== undefined) await rm(path, { force: true });
    this.#delivery.stop();
  }
}

function listen(
  server: Server,
  endpoint: string,
  options: { path: string } | { host?: string; port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new Error(`cannot listen on ${JSON.stringify(endpoint)}: ${error.message}`)),
    );
    server.listen(options, resolve);
  });
}
