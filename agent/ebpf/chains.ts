import type { Message } from '../l7/message.ts';
import type { Origin } from '../l7/origin.ts';
import type { Session } from '../session/session.ts';

/** Why a chain was withheld though the kernel side gave one; names of counters. */
export type Withheld =
  /** The inbound request is answered, or was never recognised. */
  | 'not_live'
  /** Two requests came in one read: which of them asks is not known. */
  | 'pipelined'
  /** Another request of the process waits: for this connection, for a timer. */
  | 'pooled'
  /** Request and response were moved by different threads: the work changed hands. */
  | 'handed_over';

/** Processes beyond which those that work on nothing are forgotten at once. */
const KEPT = 256;
/** Requests that wait beyond which it is not followed which of them asked. */
const RIVALS = 64;

/** A request that a server of this host works on. */
interface Live {
  /** Sessions with this chain: more than one when they were pipelined. */
  open: Origin[];
  /** The first of them. */
  readonly request: Message;
  shared: boolean;
  /** Calls to others that are not answered, connections being made for it included. */
  calls: number;
  /** Its response has begun: it waits for nothing. */
  answering: boolean;
  /** Calls of others that may be its own as long as it is not seen to do something else. */
  doubts: Set<Doubt> | undefined;
}

/** A call of which it is not known yet whether it is its own chain's. */
interface Doubt {
  readonly message: Message;
  readonly key: number;
  readonly own: Live;
  /** Requests that may have made it instead. */
  readonly rivals: Set<Live>;
}

/**
 * Decides which chains are told. The kernel side follows threads; here it is known which requests
 * are being answered, and a chain that may be another's is taken back. No link is better than a
 * wrong one.
 */
export class Chains {
  readonly withheld = new Map<Withheld, number>();
  /** By process, by chain. */
  private readonly processes = new Map<number, Map<number, Live>>();
  private readonly doubts = new Map<Message, Doubt>();
  private readonly limit: number;
  private count = 0;

  /** @param limit requests that are followed at once; beyond it new ones get no chain */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** A request came in. @param call that brought it */
  served(tgid: number, request: Message, call: Origin): void {
    if (call.chainHigh === 0 && call.chainLow === 0) return;
    let live = this.processes.get(tgid);
    if (live === undefined) {
      live = new Map<number, Live>();
      this.processes.set(tgid, live);
    }
    const key = keyOf(call);
    const known = live.get(key);
    if (known !== undefined) {
      known.shared = true;
      known.open.push(call);
      for (const one of known.open) if (isKnown(one)) this.withhold(one, 'pipelined');
      return;
    }
    if (this.count >= this.limit) {
      this.withhold(call, 'not_live');
      return;
    }
    this.count++;
    const open = [call];
    const doubts = undefined;
    live.set(key, { open, request, shared: false, calls: 0, answering: false, doubts });
  }

  /**
   * A request went out; its message gets the key for `answered`, 0 when the call has no chain.
   * While another request may have made it, that is left open until `over`.
   */
  called(tgid: number, message: Message, call: Origin): void {
    if (!isKnown(call)) return;
    const key = keyOf(call);
    const live = this.processes.get(tgid);
    const own = live?.get(key);
    if (own === undefined) {
      this.withhold(call, 'not_live');
      return;
    }
    if (own.shared) {
      this.withhold(call, 'pipelined');
      return;
    }
    const rivals = isGuess(call) ? waiting(live!, own) : undefined;
    if (rivals === undefined || rivals.size === 0) {
      this.accept(own, message, key);
    } else if (rivals.size > RIVALS) {
      this.withhold(call, 'pooled');
    } else {
      const doubt = { message, key, own, rivals };
      this.doubts.set(message, doubt);
      for (const rival of rivals) (rival.doubts ??= new Set()).add(doubt);
    }
  }

  /** A request that went out is answered or given up: what is in doubt about it now stays so. */
  over(message: Message | undefined): void {
    const doubt = message === undefined ? undefined : this.doubts.get(message);
    if (doubt === undefined) return;
    this.doubts.delete(doubt.message);
    for (const rival of doubt.rivals) rival.doubts?.delete(doubt);
    this.withhold(doubt.message.origin!, 'pooled');
  }

  private accept(own: Live, message: Message, key: number): void {
    own.calls++;
    message.chain = key;
    this.busy(own);
  }

  /**
   * A request is seen to call for itself: it waits for none of the calls in doubt. That it is
   * answered shows nothing, for it may have given up to wait.
   */
  private busy(live: Live): void {
    if (live.doubts === undefined) return;
    for (const doubt of live.doubts) {
      doubt.rivals.delete(live);
      if (doubt.rivals.size > 0 || doubt.own.open.length === 0) continue;
      this.doubts.delete(doubt.message);
      this.accept(doubt.own, doubt.message, doubt.key);
    }
    live.doubts = undefined;
  }

  /** A connection is made. @returns key for `answered`, when its first request goes out or it ends */
  connecting(tgid: number, call: Origin): number {
    const key = keyOf(call);
    const own = key === 0 ? undefined : this.processes.get(tgid)?.get(key);
    if (own === undefined) return 0;
    own.calls++;
    if (call.rule !== 'tick' && !call.derived) this.busy(own);
    return key;
  }

  /** The response to a request begins to go out. */
  answering(tgid: number, call: Origin): void {
    const key = keyOf(call);
    const own = key === 0 ? undefined : this.processes.get(tgid)?.get(key);
    if (own !== undefined) own.answering = true;
  }

  /** A request that went out is over. */
  answered(tgid: number, key: number): void {
    const own = key === 0 ? undefined : this.processes.get(tgid)?.get(key);
    if (own !== undefined) own.calls--;
  }

  /** A request that came in is answered, or given up. @param key of its chain when it came */
  done(tgid: number, key: number, session: Session): void {
    this.checkThreads(session);
    this.forget(tgid, key, session.request?.origin);
  }

  /** The request that `call` brought is not worked on any more. */
  forget(tgid: number, key: number, call: Origin | undefined): void {
    const live = this.processes.get(tgid);
    const own = live?.get(key);
    if (own === undefined || call === undefined) return;
    if (own.open.length > 1) own.open = own.open.filter((one) => one !== call);
    else if (own.open[0] === call) own.open.length = 0;
    if (own.open.length > 0) return;
    live!.delete(key);
    this.count--;
    // Most processes soon have another one: their tables are kept, but not without end.
    if (live!.size === 0 && this.processes.size > KEPT) this.processes.delete(tgid);
  }

  private checkThreads({ request, response }: Session): void {
    const asked = request?.origin;
    const answered = response?.origin;
    if (asked === undefined || answered === undefined) return;
    if (asked.thread !== answered.thread) {
      if (isKnown(asked)) this.withhold(asked, 'handed_over');
      clear(answered);
    } else if (!isKnown(asked)) {
      clear(answered);
    }
  }

  private withhold(call: Origin, why: Withheld): void {
    clear(call);
    this.withheld.set(why, (this.withheld.get(why) ?? 0) + 1);
  }
}

/** Takes the chain of an outgoing request's response back when the request has none. */
export function agree(request: Message | undefined, response: Message | undefined): void {
  const asked = request?.origin;
  const answered = response?.origin;
  if (answered === undefined) return;
  if (asked === undefined || keyOf(asked) !== keyOf(answered)) clear(answered);
}

/**
 * A chain as one number; 0 = none. Ids have twelve bits of processor and a counter: 40 bits of it
 * tell those of a day apart.
 */
export function keyOf({ chainHigh, chainLow }: Origin): number {
  return ((chainHigh & 0xff) * 0x1_0000_0000 + chainLow) * 4096 + (chainHigh >>> 20);
}

function isKnown(call: Origin): boolean {
  return call.chainHigh !== 0 || call.chainLow !== 0;
}

function clear(call: Origin): void {
  call.chainHigh = 0;
  call.chainLow = 0;
}

/**
 * Whether it was concluded from what the thread had read last, not from the work itself: then it
 * may be the work of a request that waited.
 */
function isGuess({ rule, derived, first }: Origin): boolean {
  return rule === 'tick' || rule === 'connect' || (rule === 'node_async_id' && (derived || first));
}

/** Requests other than `own` that are there whole and for which nothing is done that is seen. */
function waiting(live: ReadonlyMap<number, Live>, own: Live): Set<Live> {
  const found = new Set<Live>();
  for (const other of live.values()) {
    if (other === own || other.calls > 0 || other.answering || !other.request.ended) continue;
    found.add(other);
    if (found.size > RIVALS) break;
  }
  return found;
}
