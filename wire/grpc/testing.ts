import type { AddressInfo } from 'node:net';
import { Decompressor } from '../compression/decompressor.ts';
import { GrpcClient, type GrpcClientOptions } from './client.ts';
import { GrpcServer, type ServerOptions, type Time } from './server.ts';
import type { UnaryHandler } from './server-call.ts';

/** A budget that counts. */
export interface CountingBudget {
  used: number;
  peak: number;
  limit: number;
  tryReserve(bytes: number): boolean;
  release(bytes: number): void;
}

/** A budget of `limit` bytes with nothing reserved. */
export function countingBudget(limit = Number.POSITIVE_INFINITY): CountingBudget {
  return {
    used: 0,
    peak: 0,
    limit,
    tryReserve(bytes) {
      if (this.used + bytes > this.limit) return false;
      this.used += bytes;
      this.peak = Math.max(this.peak, this.used);
      return true;
    },
    release(bytes) {
      this.used -= bytes;
    },
  };
}

/** The clock of the process; timers do not keep it alive. */
export const realTime: Time = {
  monotonicMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** The only method of {@link startServer}. */
export const testPath = '/test.Service/Method';

/** A server on a free port with one method. */
export async function startServer(
  handler: UnaryHandler,
  options: Partial<ServerOptions> & { budget?: CountingBudget } = {},
) {
  const budget = options.budget ?? countingBudget();
  const server = new GrpcServer({
    methods: new Map([[testPath, handler]]),
    maxMessageBytes: 4 << 20,
    maxConcurrentStreams: 100,
    keepHeaders: true,
    decompressor: new Decompressor(budget),
    time: realTime,
    random: () => 0.5,
    ...options,
    budget,
  });
  const address = (await server.listen({ host: '127.0.0.1', port: 0 }, (error) => {
    throw error;
  })) as AddressInfo;
  return { server, budget, port: address.port };
}

/** A client of the test's method on 127.0.0.1, in plain text, without time-outs. */
export function makeClient(port: number, options: Partial<GrpcClientOptions> = {}): GrpcClient {
  return new GrpcClient({
    target: { host: '127.0.0.1', port },
    path: testPath,
    authority: `127.0.0.1:${port}`,
    userAgent: 'test',
    headers: [],
    timeoutMs: 0,
    time: realTime,
    random: () => 0.5,
    maxCalls: 1000,
    ...options,
  });
}
