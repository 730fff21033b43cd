import type { Attributes } from '../../wire/prometheus/otlp/targets.ts';
import type { TargetMemory } from '../../wire/prometheus/otlp/to-otlp.ts';
import type { Family } from '../../wire/prometheus/remote-write/families.ts';

/** What is kept at most; what was used longest ago goes first. */
const limits = { targets: 1000, families: 20_000, helpLength: 1024, textLength: 512 } as const;

/** A map that forgets what was used longest ago. */
class Recent<V> {
  readonly #entries = new Map<string, V>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** @returns whether an older entry was forgotten for it */
  set(key: string, value: V): boolean {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#most) return false;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
    return true;
  }
}

/** Labels of `target_info` by job and instance: 1,000 targets. */
export class RecentTargets implements TargetMemory {
  readonly #targets = new Recent<Attributes>(limits.targets);
  /** Rises with each change. */
  generation = 0;

  recall(job: string, instance: string): Attributes | undefined {
    return this.#targets.get(`${job}\u0000${instance}`);
  }

  remember(job: string, instance: string, attributes: Attributes): void {
    let length = 0;
    for (const [key, value] of attributes) length += key.length + value.length;
    if (length > 64 * limits.helpLength) return;
    const key = `${job}\u0000${instance}`;
    const changed = !sameAttributes(this.#targets.get(key), attributes);
    if (this.#targets.set(key, attributes) || changed) this.generation += 1;
  }
}

/**
 * Types, texts and units of families, which senders of version 1 tell in requests of their own:
 * 20,000 families.
 */
export class RecentFamilies {
  readonly #families = new Recent<Family>(limits.families);
  /** Rises with each change. */
  generation = 0;

  get(name: string): Family | undefined {
    return this.#families.get(name);
  }

  set(name: string, { type, help, unit }: Family): void {
    if (name.length > limits.textLength || unit.length > limits.textLength) return;
    const family = { type, unit, help: help.slice(0, limits.helpLength) };
    const changed = !sameFamily(this.#families.get(name), family);
    if (this.#families.set(name, family) || changed) this.generation += 1;
  }
}

function sameFamily(a: Family | undefined, b: Family): boolean {
  return a !== undefined && a.type === b.type && a.unit === b.unit && a.help === b.help;
}

function sameAttributes(a: Attributes | undefined, b: Attributes): boolean {
  if (a === undefined || a.size !== b.size) return false;
  for (const [key, value] of b) if (a.get(key) !== value) return false;
  return true;
}
