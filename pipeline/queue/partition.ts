import type { ClientInfo, Context } from '../../component/consumer.ts';
import type { Entry } from './entry.ts';

/** Keeps requests apart by values of the client's metadata. */
export class Partition {
  readonly #keys: readonly string[];

  /** @param keys of the metadata, in any letter case */
  constructor(keys: readonly string[]) {
    this.#keys = keys.map((key) => key.toLowerCase());
  }

  get empty(): boolean {
    return this.#keys.length === 0;
  }

  /** What requests of one partition have in common. */
  keyOf(ctx: Context): string {
    if (this.empty) return '';
    return JSON.stringify(this.#keys.map((key) => ctx.client.metadata.get(key) ?? []));
  }

  /** What is known of the client of a partition: the inverse, for what comes from disk. */
  clientOf(key: string): ClientInfo | undefined {
    if (this.empty || key === '') return undefined;
    const values = JSON.parse(key) as string[][];
    const known = this.#keys.map((name, i) => [name, values[i] ?? []] as const);
    return { address: '', metadata: new Map(known.filter(([, found]) => found.length > 0)) };
  }

  /** The client of all entries; of several what the partition has in common. */
  common(entries: readonly Entry[]): ClientInfo | undefined {
    const client = entries[0]?.client;
    if (client === undefined || entries.every((entry) => entry.client === client)) return client;
    if (this.empty) return undefined;
    return this.clientOf(this.keyOf({ client, deadlineMs: Number.POSITIVE_INFINITY }));
  }
}
