import type { Logs } from '../../pdata/batch.ts';
import { type AttributeValue, LogsBuilder } from '../../pdata/builder.ts';
import type { EntityDescription, HostIdentity } from './entity.ts';

const SEVERITY_INFO = 9;
/** Events of one batch. */
const BATCH = 1000;

interface ReporterOptions {
  readonly host: HostIdentity;
  /** Between two reports of an entity that did not change; whole seconds, at least 1. */
  readonly intervalSeconds: number;
  /** Entities known at once; beyond, the one that was longest not seen is forgotten. */
  readonly limit: number;
}

interface Known {
  entity: EntityDescription;
  /** Form that is compared, to see a change. */
  text: string;
  validFrom: bigint;
  reportedAt: bigint | undefined;
}

/**
 * Says who the entities are, as OpenTelemetry's entity events: log records `entity.state` when one
 * is new, has changed, and every interval; `entity.delete` when it ended. Both carry the whole
 * description, and since when it holds.
 */
export class EntityReporter {
  readonly #options: ReporterOptions;
  readonly #known = new Map<bigint, Known>();
  readonly #ended: { readonly known: Known; readonly at: bigint }[] = [];
  readonly #builder = new LogsBuilder();
  /** Entities forgotten since the start, because there were too many. */
  forgotten = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Entities that are reported at present. */
  get size(): number {
    return this.#known.size;
  }

  /** An entity exists; what is new of it is reported with the next batch. */
  seen(entity: EntityDescription, unixNanos: bigint): void {
    const text = JSON.stringify([entity.description, entity.relationships]);
    const known = this.#known.get(entity.id);
    if (known === undefined) {
      const validFrom = entity.validFrom ?? unixNanos;
      this.#known.set(entity.id, { entity, text, validFrom, reportedAt: undefined });
      this.#makeRoom();
      return;
    }
    this.#known.delete(entity.id);
    this.#known.set(entity.id, known);
    if (known.text === text) return;
    // What was reported holds until now; what was not, never did.
    if (known.reportedAt !== undefined) known.validFrom = unixNanos;
    known.entity = entity;
    known.text = text;
    known.reportedAt = undefined;
  }

  #makeRoom(): void {
    if (this.#known.size <= this.#options.limit) return;
    const [oldest] = this.#known.keys();
    this.#known.delete(oldest!);
    this.forgotten++;
  }

  /** An entity ended. */
  ended(id: bigint, unixNanos: bigint): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#known.delete(id);
    if (this.#ended.length < this.#options.limit) this.#ended.push({ known, at: unixNanos });
    else this.forgotten++;
  }

  /** What is to be said now, at most 1,000 events; undefined = nothing. Ask again until then. */
  flush(unixNanos: bigint): Logs | undefined {
    const due = unixNanos - BigInt(this.#options.intervalSeconds) * 1_000_000_000n;
    let count = 0;
    for (const known of this.#known.values()) {
      if (known.reportedAt !== undefined && known.reportedAt > due) continue;
      if (count === BATCH) break;
      if (count++ === 0) this.#open();
      known.reportedAt = unixNanos;
      this.#write(known, 'entity.state', unixNanos);
    }
    for (const { known, at } of this.#ended.splice(0, BATCH - count)) {
      if (count++ === 0) this.#open();
      this.#write(known, 'entity.delete', at);
    }
    return count === 0 ? undefined : this.#builder.finish();
  }

  #open(): void {
    const { id, name } = this.#options.host;
    this.#builder.resource({ ...(id === '' ? {} : { 'host.id': id }), 'host.name': name });
    this.#builder.scope('wirestitch/entities');
  }

  #write(known: Known, eventName: string, at: bigint): void {
    const { type, identity, description, relationships } = known.entity;
    const attributes = new Map<string, AttributeValue>([
      ['entity.type', type],
      ['entity.id', identity],
      ['entity.description', description],
    ]);
    if (relationships.length > 0) {
      attributes.set(
        'entity.relationships',
        relationships.map((to) => ({
          'relationship.type': to.type,
          'entity.type': to.entityType,
          'entity.id': to.identity,
        })),
      );
    }
    if (eventName === 'entity.state') {
      attributes.set('entity.report.interval', this.#options.intervalSeconds);
    }
    attributes.set('wirestitch.entity.valid_from', known.validFrom);
    this.#builder.record({
      timeUnixNano: at,
      severityNumber: SEVERITY_INFO,
      eventName,
      attributes,
    });
  }
}
