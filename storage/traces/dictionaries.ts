import { type Binder, literals, Params } from './bind.ts';
import { asksSets, type FilterSets, isNegative, noSets, setConditions } from './filters.ts';
import { ReadError, type TraceFilter, type TraceQuery } from './reader.ts';
import { RowBinaryReader } from './row-binary.ts';
import type { ResolvedFilter, TagSets, Window } from './search.ts';
import { fieldTag, onSet, scopeFieldTag, tagForms } from './tags.ts';

/** Ids of the resources of one tag or filter that are named in a statement. */
const maxSets = 5_000;

type Tag = readonly [key: string, value: string];

/** Conditions of a query, by how they are looked up. */
export interface Conditions {
  /** What the indexes over tags serve. */
  readonly tags: readonly Tag[];
  readonly filters: readonly TraceFilter[];
}

/** Names that a filter knows as fields of the span, and a tag does not. */
const filterFields = ['span.name', 'service.name'];

/** Tags and filters of a query: a filter for an equal value is a tag. */
export function conditionsOf(query: TraceQuery): Conditions {
  const tags: Tag[] = [...(query.tags ?? [])];
  const filters: TraceFilter[] = [];
  for (const filter of query.filters ?? []) {
    const isTag = filter.op === '=' && !filterFields.includes(filter.key);
    if (isTag) tags.push([filter.key, filter.value]);
    else filters.push(filter);
  }
  return { tags, filters };
}

/** Asks the tables of resources and scopes which of them tags and filters are true for. */
export class Dictionaries {
  readonly #table: (name: string) => string;
  readonly #query: (sql: string, bind: Binder) => Promise<Uint8Array>;

  /** @param query runs a statement, answer in RowBinary */
  constructor(
    table: (name: string) => string,
    query: (sql: string, bind: Binder) => Promise<Uint8Array>,
  ) {
    this.#table = table;
    this.#query = query;
  }

  tags(tags: readonly Tag[]): Promise<TagSets[]> {
    return Promise.all(tags.map((tag) => this.#tag(tag)));
  }

  /** @param range of the search: resources of earlier days are not looked at */
  filters(filters: readonly TraceFilter[], range: Window): Promise<ResolvedFilter[]> {
    const resolve = async (filter: TraceFilter): Promise<ResolvedFilter> => {
      const sets = asksSets(filter) ? await this.#filter(filter, range) : noSets;
      return { filter, sets };
    };
    return Promise.all(filters.map(resolve));
  }

  async #tag(tag: Tag): Promise<TagSets> {
    const [key, value] = tag;
    const bind = new Params();
    if (fieldTag(key, value, bind) !== undefined) return { tag, resources: [], scopes: [] };
    const condition = onSet(tagForms(key, value), bind);
    const find = (place: number, table: string, where: string) =>
      `(SELECT DISTINCT toUInt8(${place}) AS place, id FROM ${this.#table(table)}
 WHERE ${where} LIMIT ${maxSets + 1})`;
    const sql = `SELECT place, id FROM (${find(0, 'resources', condition)}
 UNION ALL ${find(1, 'scopes', scopeFieldTag(key, value, bind) ?? condition)})`;
    const r = new RowBinaryReader(await this.#query(sql, bind));
    const sets = [[], []] as [bigint[], bigint[]];
    while (!r.done) sets[r.uint8() === 0 ? 0 : 1].push(r.uint64());
    const [resources, scopes] = sets;
    if (resources.length > maxSets || scopes.length > maxSets) {
      const what = resources.length > maxSets ? 'resources' : 'scopes';
      throw new ReadError(`cannot search: over ${maxSets} ${what} have a tag`, 'too_broad');
    }
    return { tag, resources, scopes };
  }

  async #filter(filter: TraceFilter, range: Window): Promise<FilterSets> {
    const bind = new Params();
    const find = (place: number, table: SetTable) => {
      const { has, fits } = setConditions(filter, table, bind);
      return `(SELECT toUInt8(${place}) AS place, max(toUInt8(${fits})) AS fit, id
 FROM ${this.#table(table)} WHERE ${recent(range, bind)} AND ${isNegative(filter) ? has : fits}
 GROUP BY id LIMIT ${maxSets + 1})`;
    };
    const sql = `SELECT place, fit, id FROM (${find(0, 'resources')} UNION ALL ${find(1, 'scopes')})`;
    const r = new RowBinaryReader(await this.#query(sql, bind));
    const all = [[], []] as [bigint[], bigint[]];
    const fit = [[], []] as [bigint[], bigint[]];
    while (!r.done) {
      const place = r.uint8() === 0 ? 0 : 1;
      const fits = r.uint8() !== 0;
      const id = r.uint64();
      all[place].push(id);
      if (fits) fit[place].push(id);
    }
    const asksHas = isNegative(filter) || filter.op === 'exists';
    const named = (which: 'has' | 'fits', ids: [bigint[], bigint[]]): string => {
      const conditions = setTables.flatMap((table, i) => {
        const column = table === 'resources' ? 'resource_id' : 'scope_id';
        if (all[i]!.length > maxSets) return this.#asked(column, table, filter, range, which);
        return ids[i]!.length === 0 ? [] : `${column} IN (${ids[i]!.join(', ')})`;
      });
      return conditions.join(' OR ');
    };
    return { has: asksHas ? named('has', all) : '', fits: named('fits', fit) };
  }

  /**
   * For more ids than are named: the statement that searches asks for them itself, once where the
   * tables are distributed.
   */
  #asked(
    column: string,
    table: SetTable,
    filter: TraceFilter,
    range: Window,
    which: 'has' | 'fits',
  ): string {
    const where = setConditions(filter, table, literals)[which];
    return `${column} GLOBAL IN (SELECT id FROM ${this.#table(table)}
 WHERE ${recent(range, literals)} AND ${where})`;
  }
}

type SetTable = 'resources' | 'scopes';
const setTables: readonly SetTable[] = ['resources', 'scopes'];

const dayS = 86_400n;

/** Days of rows that spans of the range can have: theirs or later ones, but for clocks ahead. */
function recent(range: Window, bind: Binder): string {
  const from = range.fromNs / 1_000_000_000n - dayS;
  return `day >= toDate(${bind.time(from < 0n ? 0n : from)})`;
}
