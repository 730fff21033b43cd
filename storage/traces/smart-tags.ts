import type { RecentAnswers } from '../recent-answers.ts';
import { tableName } from '../schema/table.ts';
import type { SqlClient } from '../sql.ts';
import { type Binder, Params } from './bind.ts';
import { type CallOptions, type Deadline, runCall } from './calls.ts';
import { attributeMaps, fieldNames, fieldOf, scopeField } from './fields.ts';
import { firstWindow, PartList } from './parts.ts';
import { RowBinaryReader } from './row-binary.ts';
import { nextWindow, timeCondition, type Window } from './search.ts';
import {
  fieldValues,
  maxValueBytes,
  rankKeys,
  rankValues,
  type TagKeys,
  type TagPlace,
  type TagReader,
  type TagScope,
  type TagValues,
} from './tag-reader.ts';
import {
  type RunSql,
  type SampledKeys,
  type Sampling,
  sampleKeys,
  sampleValues,
  type TagSource,
} from './tag-sample.ts';
import { scopeKey, tagAnswers } from './tag-scope.ts';

/** Where the tables are, and how long a call may take. */
export interface SmartTagsOptions {
  readonly client: SqlClient;
  readonly database: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Time for one call, over all its statements; 3,000 ms unless given. */
  readonly timeoutMs?: number;
}

/** Sets of one dictionary whose keys or values are looked at. */
const maxSets = 20_000;
/** A stretch of a sample is at most this much longer than all before it. */
const growth = 4;
const maxWindows = 8;

/** Tags out of the tables of schema `smart`. */
export function createSmartTags(options: SmartTagsOptions): TagReader {
  return new SmartTags(options);
}

interface Dictionary {
  readonly name: 'resources' | 'scopes';
  readonly place: TagPlace;
}

/** In the order of the ids of the source. */
const dictionaries: readonly Dictionary[] = [
  { name: 'resources', place: 'resource' },
  { name: 'scopes', place: 'scope' },
];

class SmartTags implements TagReader {
  readonly #client: SqlClient;
  readonly #calls: CallOptions;
  readonly #parts: PartList;
  readonly #table: (name: string) => string;
  readonly #source: TagSource;
  readonly #answers: RecentAnswers;

  constructor(options: SmartTagsOptions) {
    const { client, database, now, timeoutMs = 3_000 } = options;
    this.#client = client;
    this.#calls = { now, timeoutMs };
    this.#parts = new PartList(client, database, now);
    this.#table = (name) => tableName(options, name);
    this.#source = smartSource(this.#table('spans'), now);
    this.#answers = tagAnswers(now);
  }

  keys(scope: TagScope): Promise<TagKeys> {
    return this.#answers.get(`keys ${scopeKey(scope)}`, () =>
      runCall(this.#calls, { keys: [], sampledSpans: 0 }, async (deadline) => {
        const sampled = await this.#sampledKeys(scope, deadline);
        const found = new Map(sampled.keys);
        await Promise.all(
          dictionaries.map(async ({ name, place }, i) => {
            const ids = sampled.ids[i]!;
            for (const [key, spans] of await this.#setKeys(name, ids, deadline)) {
              const known = found.get(key) ?? { places: new Set<TagPlace>(), spans: 0 };
              const places = new Set(known.places).add(place);
              found.set(key, { places, spans: Math.max(known.spans, spans) });
            }
          }),
        );
        for (const key of fieldNames) {
          if (!found.has(key)) found.set(key, { places: new Set<TagPlace>(['field']), spans: 0 });
        }
        return rankKeys(found, sampled.spans);
      }),
    );
  }

  async values(key: string, scope: TagScope, text: string): Promise<TagValues> {
    const all = await this.#values(key, scope, '');
    return all.truncated && text !== ''
      ? this.#values(key, scope, text)
      : rankValues(new Map(all.values.map((v) => [v.value, v.spans])), text, all.sampledSpans);
  }

  #values(key: string, scope: TagScope, text: string): Promise<TagValues> {
    const name = JSON.stringify(['values', scopeKey(scope), key, text]);
    const none = { values: [], sampledSpans: 0, truncated: false };
    return this.#answers.get(name, () =>
      runCall(this.#calls, none, async (deadline) => {
        const sampled = await this.#sampledKeys(scope, deadline);
        const field = fieldOf(key);
        const counts =
          field === undefined || key === 'service.name'
            ? await this.#setValues({ key, text }, scope, sampled, deadline)
            : new Map<string, number>();
        for (const value of fieldValues.get(key) ?? []) counts.set(value, 0);
        const onlyInSets = counts.size > 0 && !sampled.keys.has(key) && field === undefined;
        if (onlyInSets) return rankValues(counts, text, sampled.spans);
        const sampling = await this.#sampling(scope, deadline);
        const own = await sampleValues(sampling, scope, { key, text, field });
        for (const [value, spans] of own.values) {
          counts.set(value, Math.max(counts.get(value) ?? 0, spans));
        }
        return rankValues(counts, text, own.spans);
      }),
    );
  }

  #sampledKeys(scope: TagScope, deadline: Deadline): Promise<SampledKeys> {
    return this.#answers.get(`sample ${scopeKey(scope)}`, async () =>
      sampleKeys(await this.#sampling(scope, deadline), scope),
    );
  }

  async #sampling(scope: TagScope, deadline: Deadline): Promise<Sampling> {
    const range: Window = { fromNs: scope.startNs, toNs: scope.endNs };
    const first = firstWindow(await this.#parts.list(deadline), range);
    const windows: Window[] = [];
    let done = range.toNs + 1n;
    while (windows.length < maxWindows) {
      const window = nextWindow(range, done, 0, 1, { first, growth });
      if (window === undefined) break;
      windows.push(window);
      done = window.fromNs;
    }
    return {
      source: this.#source,
      run: this.#run(deadline),
      windows,
      now: this.#calls.now,
      deadline,
    };
  }

  #run(deadline: Deadline): RunSql {
    return (sql, bind, settings) => {
      const options = deadline();
      return this.#client.query(sql, {
        ...options,
        settings: { ...options.settings, optimize_use_projections: 0, ...settings },
        params: bind.values,
      });
    };
  }

  /** Keys of the sets that the sample has, with the spans that have them. */
  async #setKeys(
    table: Dictionary['name'],
    ids: ReadonlyMap<string, number>,
    deadline: Deadline,
  ): Promise<Map<string, number>> {
    const keys = new Map<string, number>();
    if (ids.size === 0) return keys;
    const bind = new Params();
    const list = [...ids.keys()].join(', ');
    const sql = `SELECT toString(id), arrayConcat(mapKeys(attributes), mapKeys(attributes_other))
 FROM ${this.#table(table)} WHERE id IN (${list}) LIMIT 1 BY id`;
    const r = new RowBinaryReader(await this.#run(deadline)(sql, bind, {}));
    while (!r.done) {
      const spans = ids.get(r.string()) ?? 0;
      for (const key of r.array(() => r.string())) keys.set(key, (keys.get(key) ?? 0) + spans);
    }
    return keys;
  }

  /** Values in the dictionaries, with the spans of the sample that have them. */
  async #setValues(
    { key, text }: { readonly key: string; readonly text: string },
    scope: TagScope,
    sampled: SampledKeys,
    deadline: Deadline,
  ): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    const read = async ({ name }: Dictionary, i: number): Promise<void> => {
      const bind = new Params();
      const sql = setValuesStatement(this.#table(name), name, { key, text, scope }, bind);
      const r = new RowBinaryReader(await this.#run(deadline)(sql, bind, {}));
      while (!r.done) {
        const spans = sampled.ids[i]!.get(r.string()) ?? 0;
        const found = r.string();
        counts.set(found, (counts.get(found) ?? 0) + spans);
      }
    };
    await Promise.all(dictionaries.map(read));
    return counts;
  }
}

/** Ids and values of the sets that have a key. */
function setValuesStatement(
  table: string,
  name: Dictionary['name'],
  { key, text, scope }: { key: string; text: string; scope: TagScope },
  bind: Binder,
): string {
  const field = name === 'scopes' ? scopeField(key) : undefined;
  const k = bind.text(key);
  const value =
    field ?? `if(mapContains(attributes, ${k}), attributes[${k}], attributes_other[${k}])`;
  const where = [
    `day >= toDate(${bind.time(dayBefore(scope.startNs))})`,
    field === undefined
      ? `(mapContains(attributes, ${k}) OR mapContains(attributes_other, ${k}))`
      : `notEmpty(${field})`,
    `length(value) <= ${maxValueBytes}`,
  ];
  if (text !== '') where.push(`positionCaseInsensitiveUTF8(value, ${bind.text(text)}) > 0`);
  const { services } = scope;
  if (services.length > 0 && name === 'resources') {
    where.push(`service IN (${services.map((one) => bind.text(one)).join(', ')})`);
  }
  return `SELECT toString(id), ${value} AS value FROM ${table}
 WHERE ${where.join(' AND ')} LIMIT 1 BY id LIMIT ${maxSets}`;
}

const dayS = 86_400n;

/** Seconds since 1970. */
function dayBefore(ns: bigint): bigint {
  const from = ns / 1_000_000_000n - dayS;
  return from < 0n ? 0n : from;
}

function smartSource(table: string, now: () => number): TagSource {
  const place = (column: string): TagPlace =>
    column.startsWith('`events') ? 'event' : column.startsWith('`links') ? 'link' : 'span';
  return {
    table,
    maps: attributeMaps.map((map) => ({ ...map, place: place(map.column) })),
    ids: ['resource_id', 'scope_id'],
    eventNames: '`events.name`',
    time: (window: Window, bind: Binder) =>
      timeCondition(window, BigInt(Math.floor(now())) * 1_000_000n, bind),
    serviceColumn: 'service',
  };
}
