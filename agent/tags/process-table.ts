import type { EntityDescription } from '../entities/entity.ts';
import type { EndTags, ProcessTags } from './types.ts';

/** A process while it runs one program: what one line of its life is. Times as Unix nanoseconds. */
export interface ProcessLife {
  readonly pid: number;
  /** From when on this program runs. */
  readonly from: number;
  /** Until when; Infinity = it runs. */
  until: number;
  /** Undefined: not read yet, or it went before it could be read. */
  tags: ProcessTags | undefined;
  /** The same for the ends of spans. */
  end: EndTags | undefined;
  entities: readonly EntityDescription[];
  /** Something was named by it: only then are its entities reported. */
  used: boolean;
  /** Clock ticks, -1 = not read. */
  startTicks: number;
  /** When it was last compared with /proc. */
  checked: number;
}

interface TableLimits {
  /** Lives kept, of those that run and those that ended. */
  readonly lives: number;
  /** How long a life is kept after its end, ns. */
  readonly keepEnded: number;
}

/** Several lives of one pid that are kept. */
const LIVES_A_PID = 8;

/**
 * Which process had a pid when. Lives that ended are kept for a while, since data come late. When
 * there are too many, those that ended first go first, then those that were longest not asked for.
 */
export class ProcessTable {
  readonly #limits: TableLimits;
  /** Lives of a pid, oldest first; pids in the order in which they were last asked for. */
  readonly #pids = new Map<number, ProcessLife[]>();
  /** In the order of their ends. */
  #ended: ProcessLife[] = [];
  #endedFrom = 0;
  size = 0;
  /** Lives that went because there were too many. */
  evicted = 0;

  constructor(limits: TableLimits) {
    this.#limits = limits;
  }

  /** The life that had `pid` at a time: the latest that had begun. */
  at(pid: number, unixNanos: number): ProcessLife | undefined {
    const lives = this.#pids.get(pid);
    if (lives === undefined) return undefined;
    const found = lives.findLast((life) => life.from <= unixNanos);
    return found === undefined || found.until < unixNanos ? undefined : found;
  }

  /** The newest life of a pid, whether it runs or not. */
  last(pid: number): ProcessLife | undefined {
    return this.#pids.get(pid)?.at(-1);
  }

  /** Begins a life; the one before ends. */
  begin(pid: number, from: number): ProcessLife {
    const before = this.last(pid);
    if (before !== undefined) this.end(before, from);
    const life: ProcessLife = {
      pid,
      from,
      until: Number.POSITIVE_INFINITY,
      tags: undefined,
      end: undefined,
      entities: [],
      used: false,
      startTicks: -1,
      checked: 0,
    };
    const lives = this.#pids.get(pid) ?? [];
    lives.push(life);
    this.size++;
    this.#pids.delete(pid);
    this.#pids.set(pid, lives);
    if (lives.length > LIVES_A_PID) this.#remove(lives[0]!);
    this.#makeRoom();
    return life;
  }

  end(life: ProcessLife, unixNanos: number): void {
    if (life.until !== Number.POSITIVE_INFINITY) return;
    life.until = Math.max(life.from, unixNanos);
    this.#ended.push(life);
  }

  /** Forgets lives that ended long ago. */
  expire(unixNanos: number): void {
    const before = unixNanos - this.#limits.keepEnded;
    while (this.#endedFrom < this.#ended.length) {
      const life = this.#ended[this.#endedFrom]!;
      if (life.until >= before) break;
      this.#endedFrom++;
      this.#remove(life);
    }
    this.#compact();
  }

  /** Marks a pid as asked for. */
  touch(pid: number): void {
    const lives = this.#pids.get(pid);
    if (lives === undefined) return;
    this.#pids.delete(pid);
    this.#pids.set(pid, lives);
  }

  /** Lives that have not ended. */
  *running(): Generator<ProcessLife> {
    for (const lives of this.#pids.values()) {
      const life = lives.at(-1)!;
      if (life.until === Number.POSITIVE_INFINITY) yield life;
    }
  }

  #makeRoom(): void {
    while (this.size > this.#limits.lives) {
      this.evicted++;
      if (this.#endedFrom < this.#ended.length) {
        this.#remove(this.#ended[this.#endedFrom++]!);
        continue;
      }
      const [oldest] = this.#pids.values();
      this.#remove(oldest![0]!);
    }
    this.#compact();
  }

  #compact(): void {
    if (this.#endedFrom < 1024 || this.#endedFrom * 2 < this.#ended.length) return;
    this.#ended = this.#ended.slice(this.#endedFrom);
    this.#endedFrom = 0;
  }

  #remove(life: ProcessLife): void {
    const lives = this.#pids.get(life.pid);
    const index = lives?.indexOf(life) ?? -1;
    if (lives === undefined || index === -1) return;
    lives.splice(index, 1);
    this.size--;
    if (lives.length === 0) this.#pids.delete(life.pid);
  }
}
