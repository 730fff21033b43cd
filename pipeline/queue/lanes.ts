import type { Clock, Timer } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { Deque } from './deque.ts';
import type { Part } from './entry.ts';

/** When waiting parts make a batch. */
export interface LanePolicy {
  /** Units from which a batch is complete; 0 = every part is one. */
  readonly minUnits: number;
  /** Units that a batch of several parts does not pass; 0 = any. */
  readonly maxUnits: number;
  /** Milliseconds after which waiting parts make a batch however small. */
  readonly flushMs: number;
  /** A batch takes all that is there, up to the largest (four times the smallest where any may be). */
  readonly greedy: boolean;
}

interface Lane<S extends Signal> {
  readonly key: string;
  readonly parts: Deque<Part<S>>;
  units: number;
  /** Clock.monotonicMs() since which its first part waits. */
  sinceMs: number;
  due: boolean;
}

/**
 * What waits, in one lane per partition; a lane is gone when it is empty. Lanes that have a batch
 * are served in turn. One timer for all lanes.
 */
export class Lanes<S extends Signal> {
  readonly #clock: Clock;
  readonly #policy: LanePolicy;
  readonly #wake: () => void;
  readonly #lanes = new Map<string, Lane<S>>();
  readonly #ready = new Set<Lane<S>>();
  #timer: Timer | undefined;
  #flushing = false;

  /** @param wake called when the timer made a batch complete */
  constructor(clock: Clock, policy: LanePolicy, wake: () => void) {
    this.#clock = clock;
    this.#policy = policy;
    this.#wake = wake;
  }

  get empty(): boolean {
    return this.#lanes.size === 0;
  }

  push(key: string, part: Part<S>): void {
    const lane = this.#lane(key);
    lane.parts.push(part);
    this.#added(lane, part);
  }

  /** Puts back what a split left over, to go first. */
  unshift(key: string, part: Part<S>): void {
    const lane = this.#lane(key);
    lane.parts.unshift(part);
    this.#added(lane, part);
  }

  /** The parts of the next complete batch. */
  take(): { key: string; parts: Part<S>[] } | undefined {
    const [lane] = this.#ready;
    if (lane === undefined) return undefined;
    const { minUnits, maxUnits, greedy } = this.#policy;
    const enough = greedy ? maxUnits || 4 * minUnits : minUnits;
    const parts: Part<S>[] = [];
    let units = 0;
    do {
      const next = lane.parts.first()!;
      if (maxUnits > 0 && parts.length > 0 && units + next.units > maxUnits) break;
      lane.parts.shift();
      parts.push(next);
      units += next.units;
    } while (units < enough && lane.parts.length > 0);
    lane.units -= units;
    lane.due = false;
    lane.sinceMs = minUnits > 0 ? this.#clock.monotonicMs() : 0;
    this.#ready.delete(lane);
    if (lane.parts.length === 0) this.#lanes.delete(lane.key);
    else this.#rank(lane);
    return { key: lane.key, parts };
  }

  /** What is there now is complete. */
  hurry(): void {
    for (const lane of this.#lanes.values()) {
      lane.due = true;
      this.#ready.add(lane);
    }
  }

  /** From now on nothing waits for more: what is there is complete. */
  flush(): void {
    this.#flushing = true;
    for (const lane of this.#lanes.values()) this.#ready.add(lane);
    this.close();
  }

  /** Cancels the timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #lane(key: string): Lane<S> {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      const sinceMs = this.#policy.minUnits > 0 ? this.#clock.monotonicMs() : 0;
      lane = { key, parts: new Deque(), units: 0, sinceMs, due: false };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #added(lane: Lane<S>, part: Part<S>): void {
    lane.units += part.units;
    this.#rank(lane);
  }

  /** Makes a lane ready, or sees to it that time does. */
  #rank(lane: Lane<S>): void {
    if (this.#complete(lane)) this.#ready.add(lane);
    else this.#timer ??= this.#clock.after(this.#policy.flushMs, () => this.#tick());
  }

  #complete(lane: Lane<S>): boolean {
    return this.#flushing || lane.due || lane.units >= this.#policy.minUnits;
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    let woken = false;
    for (const lane of this.#lanes.values()) {
      if (lane.due) continue;
      const leftMs = lane.sinceMs + this.#policy.flushMs - now;
      if (leftMs > 0) {
        nextMs = Math.min(nextMs, leftMs);
        continue;
      }
      lane.due = true;
      this.#ready.add(lane);
      woken = true;
    }
    if (nextMs < Number.POSITIVE_INFINITY) {
      this.#timer = this.#clock.after(nextMs, () => this.#tick());
    }
    if (woken) this.#wake();
  }
}
