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

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#most) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** Labels of `target_info` by job and instance: 1,000 targets. */
export class RecentTargets implements TargetMemory {
  readonly #targets = new Recent<Attributes>(limits.targets);

  recall(job: string, instance: string): Attributes | undefined {
    return this.#targets.get(`${job}\u0000${instance}`);
  }

  remember(job: string, instance: string, attributes: Attributes): void {
    let length = 0;
    for (const [key, value] of attributes) length += key.length + value.length;
    if (length > 64 * limits.helpLength) return;
    this.#targets.set(`${job}\u0000${instance}`, attributes);
  }
}

/**
 * Types, texts and units of families, which senders of version 1 tell in requests of their own:
 * 20,000 families.
 */
export class RecentFamilies {
  readonly #families = new Recent<Family>(limits.families);

  get(name: string): Family | undefined {
    return this.#families.get(name);
  }

  set(name: string, { type, help, unit }: Family): void {
    if (name.length > limits.textLength || unit.length > limits.textLength) return;
    this.#families.set(name, { type, unit, help: help.slice(0, limits.helpLength) });
  }
}
