import { type Shared, SocketFlow } from './flow.ts';
import type { PlainExchanges } from './plain.ts';

/** Limits of the table of sockets. */
export interface SocketLimits {
  /** Sockets that are followed at once; the one seen first goes for a new one. */
  readonly sockets: number;
  /** Nanoseconds after which an idle datagram socket, and an idle connection, is forgotten. */
  readonly idleDatagrams: number;
  readonly idleConnections: number;
}

type Key = number | string;

/** The sockets that are followed, those seen first in front: bounded in number and in time. */
export class SocketTable {
  /** Sockets that were ever there, and that had to make room. */
  made = 0;
  evicted = 0;
  private readonly shared: Shared;
  private readonly limits: SocketLimits;
  private readonly plain: PlainExchanges | undefined;
  private readonly release: (slot: number) => void;
  /** Connections by number; datagram sockets by number and peer, of which one may have many. */
  private readonly flows = new Map<Key, SocketFlow>();

  /** @param release takes a socket back that is followed in C */
  constructor(
    shared: Shared,
    limits: SocketLimits,
    plain: PlainExchanges | undefined,
    release: (slot: number) => void,
  ) {
    this.shared = shared;
    this.limits = limits;
    this.plain = plain;
    this.release = release;
  }

  get size(): number {
    return this.flows.size;
  }

  get(socket: number): SocketFlow | undefined {
    return this.flows.get(socket);
  }

  /** The socket of the record at hand, made where it is new. */
  of(tcp: boolean, time: number): SocketFlow {
    const r = this.shared.record;
    if (tcp) {
      const known = this.flows.get(r.socket);
      return known !== undefined && known.localPort === r.localPort
        ? known
        : this.add(r.socket, false, time);
    }
    const high = `${r.remoteWord(0)} ${r.remoteWord(1)} ${r.remoteWord(2)}`;
    const peer = `${r.socket} ${high} ${r.remoteWord(3)} ${r.remotePort}`;
    return this.flows.get(peer) ?? this.add(peer, false, time);
  }

  /** Follows the socket of the record at hand from now on. @param certain who is client is known */
  add(key: Key, certain: boolean, time: number): SocketFlow {
    if (this.flows.size >= this.limits.sockets) this.evict(time, false);
    this.made++;
    this.plain?.forget(this.flows.get(key));
    const flow = new SocketFlow(this.shared, certain, time);
    this.flows.set(key, flow);
    return flow;
  }

  remove(key: Key, why: 'connection_closed' | 'evicted', time: number): void {
    const flow = this.flows.get(key);
    if (flow === undefined) return;
    if (flow.slot >= 0) this.release(flow.slot);
    this.plain?.forget(flow);
    this.flows.delete(key);
    flow.connected();
    flow.close(0, time);
    flow.close(1, time);
    this.shared.sessions.close(flow.l7, why);
  }

  /** After a batch in which all sockets were followed in C. */
  trim(now: number): void {
    while (this.flows.size > this.limits.sockets) this.evict(now, true);
  }

  /** Forgets what has been idle for too long. */
  expire(now: number): void {
    for (const [key, flow] of this.flows) {
      const datagrams = typeof key === 'string';
      const limit = datagrams ? this.limits.idleDatagrams : this.limits.idleConnections;
      if (now - flow.lastSeen > limit) this.remove(key, 'connection_closed', now);
    }
  }

  /** The capture is over: open sessions are handed on. */
  finish(now: number): void {
    for (const flow of this.flows.values()) {
      if (flow.slot >= 0) this.release(flow.slot);
      flow.close(0, now);
      flow.close(1, now);
      this.shared.sessions.close(flow.l7, 'capture_ended');
    }
    this.flows.clear();
  }

  /** Removes the socket that was seen first. @param any also one that is followed in C */
  private evict(time: number, any: boolean): void {
    for (const [key, flow] of this.flows) {
      // In the middle of a batch C is ahead.
      if (flow.slot >= 0 && !any) continue;
      this.remove(key, 'evicted', time);
      this.evicted++;
      return;
    }
  }
}
