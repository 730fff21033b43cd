import { isIP } from 'node:net';
import type { Clock } from '../../component/settings.ts';
import { GrpcClient, type GrpcClientOptions } from '../../wire/grpc/client.ts';

/** What calls go through: one connection, or one to each address of a host. */
export interface Channel {
  call: GrpcClient['call'];
  close(): void;
}

/** A gRPC client that may spread its calls over the addresses of its host. */
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
  /** Calls that wait for a connection. */
  readonly #waiting = new Set<() => void>();

  constructor(options: ChannelOptions, host: string, port: number) {
    this.#options = options;
    this.#host = host;
    this.#port = port;
  }

  call(...args: Parameters<GrpcClient['call']>): Promise<Buffer> {
    const client = this.#pick();
    return client === undefined ? this.#callLater(args) : client.call(...args);
  }

  /** Waits until one of the connections is there, or none of them will be for a while. */
  async #callLater(args: Parameters<GrpcClient['call']>): Promise<Buffer> {
    if (this.#order.length === 0) await this.#lookUp();
    let client = this.#order.length === 0 ? this.#fallback() : this.#pick();
    while (client === undefined) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
      client = this.#closed ? this.#fallback() : this.#pick();
    }
    return client.call(...args);
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  }

  close(): void {
    this.#closed = true;
    for (const client of [...this.#clients.values(), ...this.#leaving]) client.close();
    this.#clients.clear();
    this.#leaving.clear();
    this.#order = [];
    this.#wake();
  }

  /** @returns undefined while it is worth waiting for a connection, or no address is known */
  #pick(): GrpcClient | undefined {
    const clients = this.#order;
    const first = this.#next;
    let best: GrpcClient | undefined;
    let missing = false;
    let failing = 0;
    for (let i = 0; i < clients.length; i += 1) {
      const client = clients[(first + i) % clients.length]!;
      if (client.state === 'idle') client.warm();
      if (client.state === 'failing') failing += 1;
      if (client.state !== 'ready') missing = true;
      else if (best === undefined) {
        best = client;
        this.#next = (first + i + 1) % clients.length;
      }
    }
    const age = this.#options.time.monotonicMs() - this.#lookedUpMs;
    if (missing && age >= lookupMs) void this.#lookUp();
    this.#sweep();
    const hopeless = failing === clients.length && clients.length > 0;
    return best ?? (hopeless ? clients[this.#next] : undefined);
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
      const onState = (): void => this.#wake();
      const options = { ...this.#options, target, serverName: this.#host, onState };
      this.#clients.set(address, made ?? new GrpcClient(options));
    }
    this.#order = [...this.#clients.values()];
    this.#next = 0;
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
