import { type OttlClient, Place } from '../../ottl/index.ts';
import type { Batch } from '../../pdata/batch.ts';
import { Drops, withoutDrops } from '../../pdata/drop.ts';
import { settled } from '../../pdata/otlp-batch.ts';
import {
  type ItemReader,
  itemReader,
  MessageView,
  MetricReader,
  SpanField,
  type SpanReader,
} from '../../pdata/readers.ts';
import type { Rules } from './rules.ts';

type Filtered = 'traces' | 'metrics' | 'logs';

/** One pass: what the rules take out, and the groups that are left empty. */
class Sweep {
  readonly #rules: Rules;
  readonly #reader: ItemReader;
  readonly #place: Place;
  readonly #drops: Drops;
  readonly #group = new MessageView();

  constructor(rules: Rules, reader: ItemReader, client: OttlClient, drops: Drops) {
    this.#rules = rules;
    this.#reader = reader;
    this.#place = new Place(reader, client);
    this.#drops = drops;
  }

  run(): void {
    const reader = this.#reader;
    while (reader.nextResource()) {
      if (this.#keepsResource()) continue;
      reader.bindResourceGroup(this.#group);
      this.#drops.drop(this.#group);
    }
  }

  #keepsResource(): boolean {
    const { resource, scope, metric, item, event } = this.#rules;
    if (resource !== undefined && this.#holds(resource)) return false;
    const reader = this.#reader;
    let kept = 0;
    const deeper = scope !== undefined || metric !== undefined || item !== undefined;
    while (reader.nextScope()) {
      if ((!deeper && event === undefined) || this.#keepsScope()) {
        kept += 1;
        continue;
      }
      reader.bindScopeGroup(this.#group);
      this.#drops.drop(this.#group);
    }
    return kept > 0;
  }

  #holds(test: NonNullable<Rules['item']>): boolean {
    this.#place.next();
    return test(this.#place);
  }

  #keepsScope(): boolean {
    const { scope, metric, item, event } = this.#rules;
    if (scope !== undefined && this.#holds(scope)) return false;
    const reader = this.#reader;
    if (reader instanceof MetricReader) return this.#keepsMetrics(reader);
    if (metric === undefined && item === undefined && event === undefined) {
      return reader.nextItem();
    }
    let kept = 0;
    while (reader.nextItem()) {
      if (item !== undefined && this.#holds(item)) this.#drops.drop(reader.item);
      else {
        kept += 1;
        if (event !== undefined) this.#sweepEvents(reader as SpanReader, event);
      }
    }
    return kept > 0;
  }

  #sweepEvents(reader: SpanReader, test: NonNullable<Rules['event']>): void {
    if (!reader.item.findField(SpanField.events)) return;
    while (reader.nextEvent()) {
      const { event } = reader;
      if (this.#holds(test)) this.#drops.cut(reader.item, event.header, event.end);
    }
  }

  #keepsMetrics(reader: MetricReader): boolean {
    const { metric, item } = this.#rules;
    let kept = 0;
    while (reader.nextMetric()) {
      const drops =
        (metric !== undefined && this.#holds(metric)) ||
        (item !== undefined && reader.dataKind !== 0 && !this.#keepsPoints(reader, item));
      if (drops) this.#drops.drop(reader.metric);
      else kept += 1;
    }
    return kept > 0;
  }

  #keepsPoints(reader: MetricReader, test: NonNullable<Rules['item']>): boolean {
    let kept = 0;
    while (reader.nextPoint()) {
      if (this.#holds(test)) this.#drops.drop(reader.item);
      else kept += 1;
    }
    return kept > 0;
  }
}

/**
 * A batch without what one set of rules takes out.
 *
 * @param batch plain, or it is made so
 * @returns undefined when no group is left
 * @throws OttlRuntimeError in error mode propagate
 */
export function sweep<S extends Filtered>(
  batch: Batch<S>,
  rules: Rules,
  client: OttlClient,
): Batch<S> | undefined {
  const plain = settled(batch);
  const drops = new Drops(plain as Batch<Filtered>);
  const reader = itemReader(plain as Batch<Filtered>);
  new Sweep(rules, reader, client, drops).run();
  return withoutDrops(plain, drops);
}
