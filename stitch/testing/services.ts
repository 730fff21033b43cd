import type { Random } from './random.ts';

/** A service of made-up traffic and how it is watched. */
export interface Service {
  readonly n: number;
  readonly host: string;
  readonly clockNs: number;
  readonly address: string;
  readonly protocol: string;
  readonly sdk: boolean;
  /** Its SDK says which process it is. */
  readonly named: boolean;
  readonly ebpf: boolean;
  readonly nic: boolean;
  /**
   * What its system calls tell: `context` one id for all work of a request, `chain` one from each
   * thing received to the next sent, `none` nothing.
   */
  readonly syscalls: 'context' | 'chain' | 'none';
  readonly passesHeaders: boolean;
  readonly passesIds: boolean;
  readonly makesRequestIds: boolean;
  /** Its requests get another client address on their way. */
  readonly translated: boolean;
  /** It sends all its calls at once. */
  readonly parallel: boolean;
  /** Numbers of the services that it calls for each request. */
  readonly calls: readonly number[];
}

/**
 * Services that call only later ones; the first is what clicks reach.
 * @param watched all of them by system calls
 */
export function makeServices(next: Random, count: number, watched = false): Service[] {
  const clocks = { a: 0, b: next.upTo(4.9e6), c: -next.upTo(4.9e6) };
  const chains: Service['syscalls'][] = ['chain'];
  const nothing: Service['syscalls'][] = ['none'];
  const services: Service[] = [];
  for (let n = 0; n < count; n++) {
    const calls: number[] = [];
    for (let i = n + 1; i < count && calls.length < 3; i++) if (next.chance(0.6)) calls.push(i);
    const host = next.pick('a', 'b', 'c');
    const sdk = next.chance(0.35);
    const parallel = next.chance(0.4);
    services.push({
      n,
      host,
      clockNs: clocks[host],
      address: `10.0.0.${n + 1}`,
      protocol: calls.length === 0 && next.chance(0.5) ? 'mysql' : 'http',
      sdk,
      named: next.chance(0.5),
      ebpf: watched || next.chance(0.8),
      nic: next.chance(0.6),
      syscalls: next.pick(...(parallel ? [] : chains), 'context', ...(watched ? [] : nothing)),
      passesHeaders: !sdk && next.chance(0.5),
      passesIds: next.chance(0.6),
      makesRequestIds: next.chance(0.3),
      translated: next.chance(0.3),
      parallel,
      calls,
    });
  }
  return services;
}
