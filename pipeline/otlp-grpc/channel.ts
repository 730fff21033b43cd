import { isIP } from 'node:net';
import type { Clock } from '../../component/settings.ts';
import { GrpcClient, type GrpcClientOptions } from '../../wire/grpc/client.ts';

/** What calls go through: one connection, or one to each address of a host. */
export interface Channel {
  call: GrpcClient['call'];
  close(): void;
}

export interface ChannelOptions extends GrpcClientOptions {
  /** Whether calls go to all addresses of the host in turn. */
  readonly balance: boolean;
  /** The addresses of a host name, in any order. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly time: Clock;
}

/** Addresses are looked up again at most this often, and only when a connection is missing. */
const lookupMs = 30_000;

/** Opens nothing yet: connections are made as calls need them. */
export function createChannel(options: ChannelOptions): Channel {
  const { target, balance, connect } = options;
  const single = !('host' in target) || isIP(target.host) !== 0;
  if (single || !balance || connect !== undefined) return new GrpcClient(options);
  return new BalancedChannel(options, target.host, target.port);
}

/**
 * Calls to all addresses of a host in turn: those with a connection first, and one is made to each
 * of the others. Addresses that are gone are left when their calls have ended.
 */
class BalancedChannel implements Channel {
  readonly #options: ChannelOptions;
  readonly #host: string;
  readonly #port: number;
  readonly #clients = new Map<string, GrpcClient>();
  readonly #leaving = new Set<GrpcClient>();
  #order: GrpcClient[] = [];
  #next = 0;
  #lookedUpMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #closed = false;

  constructor(options: ChannelOptions, host: string, port: number) {
    this.#options = options;
    this.#host = host;
    this.#port = port;
  }

  call(...args: Parameters<GrpcClient['call']>): Promise<Buffer> {
    const client = this.#pick();
    if (client !== undefined) return client.call(...args);
    return this.#lookUp().then(() => {
      const found = this.#pick() ?? this.#fallback();
      return found.call(...args);
    });
  }

  close(): void {
    this.#closed = true;
    for (const client of [...this.#clients.values(), ...this.#leaving]) client.close();
    this.#clients.clear();
    this.#leaving.clear();
    this.#order = [];
  }

  /** @returns undefined when no address is known */
  #pick(): GrpcClient | undefined {
    const clients = this.#order;
    let best: GrpcClient | undefined;
    let ready = false;
    let missing = false;
    for (let i = 0; i < clients.length; i += 1) {
      const client = clients[(this.#next + i) % clients.length]!;
      const { state } = client;
      if (state === 'idle') client.warm();
      if (state !== 'ready') missing = true;
      else if (!ready) {
        ready = true;
        best = client;
        this.#next = (this.#next + i + 1) % clients.length;
      }
      if (best === undefined && state !== 'failing') best = client;
    }
    const age = this.#options.time.monotonicMs() - this.#lookedUpMs;
    if (missing && age >= lookupMs) void this.#lookUp();
    this.#sweep();
    return best ?? clients[this.#next % Math.max(1, clients.length)];
  }

  /** The host itself: its own failure to resolve is what the call is told. */
  #fallback(): GrpcClient {
    const known = this.#clients.get('');
    if (known !== undefined) return known;
    const client = new GrpcClient(this.#options);
    if (this.#closed) client.close();
    else this.#use([''], client);
    return client;
  }

  #lookUp(): Promise<void> {
    this.#looking ??= this.#find().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #find(): Promise<void> {
    this.#lookedUpMs = this.#options.time.monotonicMs();
    const addresses = await this.#options.lookup(this.#host).catch(() => []);
    if (this.#closed || addresses.length === 0) return;
    this.#use([...new Set(addresses)].sort());
  }

  #use(addresses: readonly string[], made?: GrpcClient): void {
    for (const [address, client] of this.#clients) {
      if (addresses.includes(address)) continue;
      this.#clients.delete(address);
      this.#leaving.add(client);
    }
    for (const address of addresses) {
      if (this.#clients.has(address)) continue;
      const target = { host: address, port: this.#port };
      const options = { ...this.#options, target, serverName: this.#host };
      this.#clients.set(address, made ?? new GrpcClient(options));
    }
    this.#order = [...this.#clients.values()];
    this.#sweep();
  }

  #sweep(): void {
    for (const client of this.#leaving) {
      if (client.open > 0) continue;
      this.#leaving.delete(client);
      client.close();
    }
  }
}
