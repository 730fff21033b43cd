import { isLoopbackText } from './sockets.ts';

/** A local end that a process got. */
interface Binding {
  readonly pid: number;
  readonly namespace: number;
  readonly from: number;
  /** Infinity = not closed. */
  until: number;
}

/** The last packets of a connection come after its socket was closed, ns. */
const LINGER = 1e9;
/** Bindings of one address and port that are kept: several namespaces, and earlier owners. */
const KEPT = 16;

/**
 * Which process had a local address and port when, by connect, accept and close as they happened.
 * Beyond `limit` ends the one that was longest not bound again is forgotten.
 */
export class Bindings {
  readonly #limit: number;
  readonly #ends = new Map<string, Binding[]>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#ends.size;
  }

  bind(end: string, pid: number, namespace: number, from: number): void {
    let list = this.#ends.get(end);
    const last = list?.findLast((binding) => binding.namespace === namespace);
    if (last?.pid === pid && last.until === Number.POSITIVE_INFINITY) return;
    if (list === undefined) list = [];
    else this.#ends.delete(end);
    this.#ends.set(end, list);
    list.push({ pid, namespace, from, until: Number.POSITIVE_INFINITY });
    if (list.length > KEPT) list.shift();
    if (this.#ends.size <= this.#limit) return;
    const [oldest] = this.#ends.keys();
    this.#ends.delete(oldest!);
  }

  release(end: string, pid: number, namespace: number, until: number): void {
    const found = this.#ends
      .get(end)
      ?.findLast((binding) => binding.pid === pid && binding.namespace === namespace);
    if (found !== undefined && found.until > until) found.until = until;
  }

  /**
   * The process that had the end at a time: in the given namespace; without one there, or when it
   * is not known, in any other, if there is only one.
   */
  owner(
    end: string,
    address: string,
    namespace: number | undefined,
    unixNanos: number,
  ): number | undefined {
    const list = this.#ends.get(end);
    if (list === undefined) return undefined;
    let other: Binding | undefined;
    let several = false;
    for (let i = list.length - 1; i >= 0; i--) {
      const binding = list[i]!;
      if (binding.from > unixNanos || binding.until + LINGER < unixNanos) continue;
      if (binding.namespace === namespace) return binding.pid;
      if (other !== undefined && other.namespace !== binding.namespace) several = true;
      other ??= binding;
    }
    if (several || other === undefined) return undefined;
    // A loopback address of another namespace is another address.
    return namespace !== undefined && isLoopbackText(address) ? undefined : other.pid;
  }
}

/** The key of an end. */
export function endKey(address: string, port: number, transport: 'tcp' | 'udp'): string {
  return `${address} ${port} ${transport}`;
}

/** IPv4-mapped addresses as IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
