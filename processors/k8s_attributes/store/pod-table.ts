import type { Pod } from '../objects/pod.ts';
import { type Association, byUid, identifiersOf } from './identifier.ts';

/** A pod that is to be forgotten under an identifier. */
interface Deletion {
  readonly id: string;
  readonly uid: string;
  readonly atMs: number;
}

/** Most identifiers that are kept. A pod has three and those of its associations. */
const maxIdentifiers = 1_000_000;

/**
 * Pods by what they are found by. Addresses are used again: of two pods with one the later started
 * counts, and a deleted pod stays for a while, since data of its last seconds are still to come,
 * unless another one takes its place. When the table is full, pods that are not in it stay unknown.
 */
export class PodTable {
  readonly #associations: readonly Association[];
  readonly #graceMs: number;
  readonly #nowMs: () => number;
  readonly #max: number;
  readonly #hasContainerIds: boolean;
  #pods = new Map<string, Pod>();
  #deletions: Deletion[] = [];
  /** Pods, counted each time, that found no room. */
  refused = 0;

  constructor(
    associations: readonly Association[],
    graceMs: number,
    nowMs: () => number,
    max = maxIdentifiers,
  ) {
    this.#associations = associations;
    this.#graceMs = graceMs;
    this.#nowMs = nowMs;
    this.#max = max;
    this.#hasContainerIds = associations.some((sources) =>
      sources.some(({ name }) => name === 'container.id'),
    );
  }

  get size(): number {
    return this.#pods.size;
  }

  /** The pod with an identifier, also one that must not be used. */
  find(id: string): Pod | undefined {
    return this.#pods.get(id);
  }

  set(pod: Pod): void {
    const own = byUid(pod.uid);
    const before = pod.uid === '' ? undefined : this.#pods.get(own);
    let isRefused = false;
    for (const id of identifiersOf(this.#associations, pod)) {
      const other = this.#pods.get(id);
      if (other?.startedMs !== undefined && (pod.startedMs ?? Infinity) < other.startedMs) continue;
      if (other === undefined && this.#pods.size >= this.#max) isRefused = true;
      else this.#pods.set(id, pod);
    }
    if (isRefused) this.refused += 1;
    if (before === undefined || !this.#hasContainerIds || this.#pods.get(own) !== pod) return;
    this.#forgetContainers(before, pod);
  }

  /** Containers that a pod no longer has go after the grace period, too. */
  #forgetContainers(before: Pod, now: Pod): void {
    const gone = new Set<string>();
    for (const id of before.containers.byId.keys()) {
      if (id !== '' && !now.containers.byId.has(id)) gone.add(id);
    }
    if (gone.size === 0) return;
    const kept = identifiersOf(this.#associations, now);
    for (const id of identifiersOf(this.#associations, before)) {
      if (!kept.has(id) && mentions(id, gone)) this.#later(id, now.uid);
    }
  }

  /** The pod was deleted: it is forgotten after the grace period. */
  delete(pod: Pod): void {
    for (const id of identifiersOf(this.#associations, pod)) {
      if (this.#pods.get(id)?.uid === pod.uid) this.#later(id, pod.uid);
    }
  }

  #later(id: string, uid: string): void {
    this.#deletions.push({ id, uid, atMs: this.#nowMs() + this.#graceMs });
  }

  /** Forgets pods whose grace period is over. @returns whether there were any */
  sweep(): boolean {
    const now = this.#nowMs();
    let done = 0;
    let changed = false;
    for (const { id, uid, atMs } of this.#deletions) {
      if (atMs > now) break;
      done += 1;
      if (this.#pods.get(id)?.uid !== uid) continue;
      this.#pods.delete(id);
      changed = true;
    }
    if (done > 0) this.#deletions = this.#deletions.slice(done);
    return changed;
  }
}

function mentions(id: string, containers: ReadonlySet<string>): boolean {
  const start = 'resource_attribute\0container.id\0';
  const at = id.indexOf(start);
  if (at < 0) return false;
  const from = at + start.length;
  return containers.has(id.slice(from, id.indexOf('\0', from)));
}
