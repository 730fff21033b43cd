import { z } from 'zod';
import type { Timer } from '../../component/settings.ts';
import {
  commonOf,
  decodeSection,
  identity,
  type OperatorBuilder,
  unknownKeysOf,
} from '../build.ts';
import type { Entry, Origin } from '../entry/entry.ts';
import { type Field, getField, parseField, setField } from '../entry/field.ts';
import { entryCondition } from '../expressions.ts';
import { at, OperatorFault } from '../fault.ts';
import { type Common, type Surroundings, TransformOperator } from '../operator.ts';
import { duration, field, logSize, transformerKeys } from '../schema.ts';

const schema = z.looseObject({
  ...transformerKeys,
  is_first_entry: z.string().default(''),
  is_last_entry: z.string().default(''),
  max_batch_size: z.int().default(1000),
  max_unmatched_batch_size: z.int().default(100),
  combine_field: field().optional(),
  combine_with: z.string().default('\n'),
  source_identifier: field().prefault('attributes["log.file.path"]'),
  overwrite_with: z.string().default('oldest'),
  force_flush_period: duration().prefault('5s'),
  max_sources: z.int().default(1000),
  max_log_size: logSize().prefault(0),
});

/** How entries are joined. Sizes in bytes and entries; 0 = no limit. */
export interface RecombineOptions {
  /** Whether a match begins a new entry; else it ends one. */
  readonly matchIsFirst: boolean;
  readonly matches: (entry: Entry) => boolean;
  readonly combineField: Field;
  readonly combineWith: string;
  readonly source: Field;
  /** Whether the fields of the newest entry are kept; else those of the oldest. */
  readonly newest: boolean;
  readonly maxEntries: number;
  readonly maxUnmatched: number;
  readonly maxSources: number;
  readonly maxBytes: number;
  readonly flushMs: number;
}

interface Batch {
  base: Entry;
  entries: number;
  readonly texts: string[];
  bytes: number;
  readonly sinceMs: number;
  matched: boolean;
  readonly origin: Origin | undefined;
}

const noSource = 'DefaultSourceIdentifier';

/** Joins the texts of several entries of one source into one entry. */
export class Recombine extends TransformOperator {
  readonly #options: RecombineOptions;
  readonly #batches = new Map<string, Batch>();
  #timer: Timer | undefined;

  constructor(
    id: string,
    outputIds: readonly string[] | undefined,
    around: Surroundings,
    common: Common,
    options: RecombineOptions,
  ) {
    super(id, outputIds, around, common);
    this.#options = options;
  }

  protected transform(): void {}

  override process(entries: Entry[]): void {
    const out: Entry[] = [];
    for (const entry of entries) this.join(entry, out);
    this.outputs.write(out);
    this.watch();
  }

  /** Takes an entry in; call {@link watch} afterwards. @param out gets what is complete now */
  join(entry: Entry, out: Entry[]): void {
    const { matches, matchIsFirst } = this.#options;
    try {
      if (this.skips(entry)) {
        out.push(entry);
        return;
      }
      const matched = matches(entry);
      const source = this.#source(entry);
      if (matched && matchIsFirst) this.#flush(source, out);
      this.#add(entry, source, matched, out);
      if (matched && !matchIsFirst) this.#flush(source, out);
    } catch (error) {
      if (this.failed(entry, error)) out.push(entry);
    }
  }

  #source(entry: Entry): string {
    const value = getField(entry, this.#options.source);
    if (typeof value === 'string') return value === '' ? noSource : value;
    this.around.logger.warn(
      'entry does not contain the source_identifier, so it may be pooled with other sources',
      { operator_id: this.id },
    );
    return noSource;
  }

  #add(entry: Entry, source: string, matched: boolean, out: Entry[]): void {
    const o = this.#options;
    let batch = this.#batches.get(source);
    if (batch === undefined) {
      if (this.#batches.size >= o.maxSources) {
        this.around.logger.error(
          'Too many sources. Flushing all batched logs. Consider increasing max_sources parameter',
          { operator_id: this.id },
        );
        this.#flushAll(out);
      }
      const sinceMs = this.around.clock.monotonicMs();
      const origin = entry.origin;
      batch = { base: entry, entries: 1, texts: [], bytes: 0, sinceMs, matched, origin };
      this.#batches.set(source, batch);
    } else {
      batch.entries += 1;
      if (o.newest) batch.base = entry;
      if (matched) batch.matched = true;
    }
    const text = getField(entry, o.combineField);
    if (typeof text !== 'string') {
      this.around.logger.error('entry does not contain the combine_field', {
        operator_id: this.id,
      });
      return;
    }
    if (batch.bytes > 0) batch.bytes += o.combineWith.length;
    batch.texts.push(text);
    batch.bytes += Buffer.byteLength(text);
    const full =
      (o.maxBytes > 0 && batch.bytes > o.maxBytes) ||
      (o.maxEntries > 0 && batch.entries >= o.maxEntries) ||
      (!batch.matched && o.maxUnmatched > 0 && batch.entries >= o.maxUnmatched);
    if (full) this.#flush(source, out);
  }

  #flush(source: string, out: Entry[]): void {
    const batch = this.#batches.get(source);
    if (batch === undefined) return;
    this.#batches.delete(source);
    const first = batch.texts.findIndex((text) => text !== '');
    const texts = first > 0 ? batch.texts.slice(first) : batch.texts;
    setField(batch.base, this.#options.combineField, texts.join(this.#options.combineWith));
    out.push(batch.base);
  }

  #flushAll(out: Entry[]): void {
    for (const source of [...this.#batches.keys()]) this.#flush(source, out);
  }

  /** What has waited for too long. */
  #expired(): Entry[] {
    const out: Entry[] = [];
    const limit = this.around.clock.monotonicMs() - this.#options.flushMs;
    for (const [source, batch] of [...this.#batches]) {
      if (batch.sinceMs <= limit) this.#flush(source, out);
    }
    return out;
  }

  /** Sends what waits for too long, while anything is held. */
  watch(): void {
    if (this.#timer !== undefined || this.#batches.size === 0) return;
    this.#timer = this.around.clock.after(Math.max(1, this.#options.flushMs / 5), () => {
      this.#timer = undefined;
      this.outputs.write(this.#expired());
      this.watch();
    });
  }

  override stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const out: Entry[] = [];
    this.#flushAll(out);
    this.outputs.write(out);
  }

  override held(): Iterable<Origin> {
    return this.#batches
      .values()
      .map((batch) => batch.origin)
      .filter((origin) => origin !== undefined);
  }
}

/** Operator `recombine`: joins consecutive entries of one source. */
export const recombine: OperatorBuilder = (section) => {
  const config = decodeSection(schema, section);
  const common = commonOf(config);
  const { is_first_entry: first, is_last_entry: last, combine_field: combineField } = config;
  if (first !== '' && last !== '') {
    throw new OperatorFault('only one of is_first_entry and is_last_entry can be set', [
      'is_last_entry',
    ]);
  }
  if (first === '' && last === '') {
    throw new OperatorFault('one of is_first_entry and is_last_entry must be set');
  }
  const key = first !== '' ? 'is_first_entry' : 'is_last_entry';
  const matches = at(key, () => entryCondition(config[key]));
  if (combineField === undefined) {
    throw new OperatorFault("missing required argument 'combine_field'", ['combine_field']);
  }
  const overwrite = config.overwrite_with;
  if (!['newest', 'oldest', ''].includes(overwrite)) {
    const message = `invalid value '${overwrite}' for parameter 'overwrite_with'`;
    throw new OperatorFault(message, ['overwrite_with']);
  }
  if (config.force_flush_period <= 0) {
    throw new OperatorFault("'force_flush_period' must be positive", ['force_flush_period']);
  }
  const options: RecombineOptions = {
    matchIsFirst: first !== '',
    matches,
    combineField,
    combineWith: config.combine_with,
    source: config.source_identifier,
    newest: overwrite === 'newest',
    maxEntries: config.max_batch_size,
    maxUnmatched: config.max_unmatched_batch_size,
    maxSources: config.max_sources,
    maxBytes: config.max_log_size,
    flushMs: config.force_flush_period,
  };
  return {
    ...identity(config),
    unknownKeys: unknownKeysOf(schema, section),
    create: (id, outputIds, around) => new Recombine(id, outputIds, around, common, options),
  };
};

/** How partial lines of container runtimes are joined: `P ... P F`, by file. */
export function containerRecombine(maxBytes: number): RecombineOptions {
  return {
    matchIsFirst: false,
    matches: (entry) => entry.attributes?.get('logtag') === 'F',
    combineField: parseField('body'),
    combineWith: '',
    source: parseField('attributes["log.file.path"]'),
    newest: false,
    ...{ maxEntries: 0, maxUnmatched: 0, maxSources: 1000, maxBytes, flushMs: 5000 },
  };
}
