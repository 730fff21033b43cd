import { type Binder, Params } from './bind.ts';
import type { Deadline } from './calls.ts';
import { type AttributeMap, type Field, hasKey } from './fields.ts';
import { RowBinaryReader } from './row-binary.ts';
import type { Window } from './search.ts';
import { maxValueBytes, type TagPlace, type TagScope } from './tag-reader.ts';

/** A table of spans, as far as samples of tags need it. */
export interface TagSource {
  /** Quoted. */
  readonly table: string;
  readonly maps: readonly (AttributeMap & { readonly place: TagPlace })[];
  /** Columns of ids into dictionaries, counted as well. */
  readonly ids: readonly string[];
  /** Array of the names of events. */
  readonly eventNames: string;
  /** Condition on the start of spans. */
  time(window: Window, bind: Binder): string;
  readonly serviceColumn: string;
}

/** Spans that a sample has at most. */
const sampleSpans = 10_000;
/** With as many the sample is good enough. */
const enoughSpans = 500;
/** No further stretch is looked at after so long. */
const sampleMs = 150;
/** Rows of a sample's statement: what is too rare in them is not offered. */
const maxRows = 2_000_000;
const maxGroups = 5_000;

/** Runs a statement, answer in RowBinary. */
export type RunSql = (sql: string, bind: Params, settings: object) => Promise<Uint8Array>;

/** Of what and how a sample is taken. */
export interface Sampling {
  readonly source: TagSource;
  readonly run: RunSql;
  /** Stretches of the range, newest first. */
  readonly windows: readonly Window[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly deadline: Deadline;
}

/** What is over the limits is left out, and nothing fails for it. */
const partial = {
  max_rows_to_read: maxRows,
  read_overflow_mode: 'break',
  max_execution_time: 1,
  timeout_overflow_mode: 'break',
};

/** Names with the number of spans that have them; each begins with a letter that says its kind. */
interface Sampled {
  readonly names: Map<string, number>;
  readonly spans: number;
}

interface Asked {
  /** Arrays of names, over columns of the source. */
  readonly lists: readonly string[];
  /** Conditions on spans. */
  readonly spans: readonly string[];
  /** Conditions on `name`. */
  readonly names: readonly string[];
}

/** The name that every span has. */
const everySpan = '#';

/** Counts over the newest spans until they are enough. */
async function sample(
  { source, run, windows, now, deadline }: Sampling,
  scope: TagScope,
  ask: (bind: Binder) => Asked,
): Promise<Sampled> {
  const names = new Map<string, number>();
  const end = now() + sampleMs;
  for (const window of windows) {
    deadline();
    const bind = new Params();
    const { lists, spans, names: wanted } = ask(bind);
    const where = [source.time(window, bind), ...inServices(source, scope, bind), ...spans];
    const having = ['1', ...wanted].join(' AND ');
    const sql = `SELECT name, count() AS n FROM (SELECT arrayJoin(names) AS name FROM (
  SELECT arrayDistinct(arrayConcat(${lists.join(', ')}, ['${everySpan}'])) AS names
  FROM ${source.table} WHERE ${where.join(' AND ')} LIMIT ${sampleSpans}))
 WHERE name = '${everySpan}' OR (${having})
 GROUP BY name ORDER BY n DESC LIMIT ${maxGroups}`;
    const r = new RowBinaryReader(await run(sql, bind, partial));
    while (!r.done) {
      const name = r.string();
      names.set(name, (names.get(name) ?? 0) + Number(r.uint64()));
    }
    if ((names.get(everySpan) ?? 0) >= enoughSpans || now() >= end) break;
  }
  const spans = names.get(everySpan) ?? 0;
  names.delete(everySpan);
  return { names, spans };
}

function inServices({ serviceColumn }: TagSource, { services }: TagScope, bind: Binder): string[] {
  if (services.length === 0) return [];
  return [`${serviceColumn} IN (${services.map((name) => bind.text(name)).join(', ')})`];
}

/** Keys that spans have, by place. */
export interface SampledKeys {
  readonly keys: ReadonlyMap<string, { readonly places: Set<TagPlace>; spans: number }>;
  /** For each column of ids of the source: how many spans have which. */
  readonly ids: readonly ReadonlyMap<string, number>[];
  readonly spans: number;
}

const letters: Readonly<Record<string, TagPlace>> = {
  s: 'span',
  r: 'resource',
  e: 'event',
  l: 'link',
};

function letterOf(place: TagPlace): string {
  const [letter] = Object.entries(letters).find(([, one]) => one === place) ?? [];
  if (letter === undefined) throw new Error(`BUG: no letter for ${place}`);
  return letter;
}

/** Keys of the newest spans, with the ids of their resources and scopes. Rejects as `run` does. */
export async function sampleKeys(sampling: Sampling, scope: TagScope): Promise<SampledKeys> {
  const { maps, ids } = sampling.source;
  const lists = [
    ...maps.map(({ column, nested, place, keys = `mapKeys(${column})` }) => {
      const all = nested ? `arrayFlatten(arrayMap(m -> mapKeys(m), ${column}))` : keys;
      return `arrayMap(k -> concat('${letterOf(place)}', k), ${all})`;
    }),
    ...ids.map((column, i) => `[concat('${i}', toString(${column}))]`),
  ];
  const { names, spans } = await sample(sampling, scope, () => ({ lists, spans: [], names: [] }));
  const keys = new Map<string, { places: Set<TagPlace>; spans: number }>();
  const counts = ids.map(() => new Map<string, number>());
  for (const [name, n] of names) {
    const place = letters[name[0]!];
    if (place === undefined) counts[Number(name[0])]?.set(name.slice(1), n);
    else {
      const known = keys.get(name.slice(1));
      known?.places.add(place);
      if (known === undefined) keys.set(name.slice(1), { places: new Set([place]), spans: n });
      else known.spans = Math.max(known.spans, n);
    }
  }
  return { keys, ids: counts, spans };
}

/** Values of a key, or of the field that it stands for, that contain `text`. */
export async function sampleValues(
  sampling: Sampling,
  scope: TagScope,
  { key, text, field }: { key: string; text: string; field: Field | undefined },
): Promise<{ readonly values: Map<string, number>; readonly spans: number }> {
  const { maps, eventNames } = sampling.source;
  const { names, spans } = await sample(sampling, scope, (bind) => {
    const lists =
      field === undefined ? maps.map((map) => valuesIn(map, key, bind)) : [`[${field.text}]`];
    if (key === 'event') lists.push(eventNames);
    const has = field === undefined ? maps.map((map) => hasKey(map, key, bind)) : [field.exists];
    if (key === 'event') has.push(`notEmpty(${eventNames})`);
    const wanted = [`length(name) <= ${maxValueBytes + 1}`];
    if (text !== '') {
      wanted.push(`positionCaseInsensitiveUTF8(substring(name, 2), ${bind.text(text)}) > 0`);
    }
    return {
      lists: lists.map((list) => `arrayMap(v -> concat('v', toString(v)), ${list})`),
      spans: [`(${has.join(' OR ')})`],
      names: wanted,
    };
  });
  return { values: new Map([...names].map(([name, n]) => [name.slice(1), n])), spans };
}

function valuesIn({ column, nested }: AttributeMap, key: string, bind: Binder): string {
  const name = bind.text(key);
  if (!nested) return `if(mapContains(${column}, ${name}), [toString(${column}[${name}])], [])`;
  return `arrayMap(m -> toString(m[${name}]), arrayFilter(m -> mapContains(m, ${name}), ${column}))`;
}
