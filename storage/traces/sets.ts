import { parseTypedJson } from '../schema/typed-json.ts';
import type { SqlClient } from '../sql.ts';
import { bindFor, paramsOf } from './bind.ts';
import type { AttributeValue, KeyValue, StoredResource, StoredScope } from './model.ts';
import { RowBinaryReader } from './row-binary.ts';
import { readAttributePair, type SpanRow } from './span-row.ts';

/** Sets of each kind kept in memory; the one unused longest goes first. */
const maxCached = 20_000;
/** Sets of each kind that are fetched before they are asked for. */
const maxAhead = 5_000;

/**
 * Resources and scopes by id. An id is a hash of its content, so what is known once stays valid
 * and is shared by all spans that are given out.
 */
export class SetCache {
  readonly #resources = new LeastRecent<StoredResource>(maxCached);
  readonly #scopes = new LeastRecent<StoredScope>(maxCached);
  readonly #client: SqlClient;
  readonly #resourcesTable: string;
  readonly #scopesTable: string;

  constructor(client: SqlClient, tables: { resources: string; scopes: string }) {
    this.#client = client;
    this.#resourcesTable = tables.resources;
    this.#scopesTable = tables.scopes;
  }

  /** Fetches what the rows need and is not known yet. */
  async resolve(rows: readonly SpanRow[], timeoutMs: number): Promise<Resolved> {
    const resources = new Map<bigint, StoredResource>();
    const scopes = new Map<bigint, StoredScope>();
    const wantedResources = new Set<bigint>();
    const wantedScopes = new Set<bigint>();
    for (const row of rows) {
      if (row.resourceInline === '') wantedResources.add(row.resourceId);
      if (row.scopeInline === '') wantedScopes.add(row.scopeId);
    }
    await Promise.all([
      fill(wantedResources, resources, this.#resources, (ids) =>
        this.#fetch(this.#resourcesTable, resourceColumns, ids, readResource, timeoutMs),
      ),
      fill(wantedScopes, scopes, this.#scopes, (ids) =>
        this.#fetch(this.#scopesTable, scopeColumns, ids, readScope, timeoutMs),
      ),
    ]);
    return { resources, scopes };
  }

  /** Sets by id; without ids those of the newest days, as many as are likely to be asked for. */
  async #fetch<T>(
    table: string,
    columns: string,
    ids: readonly bigint[] | undefined,
    read: (r: RowBinaryReader) => T,
    timeoutMs: number,
  ): Promise<[bigint, T][]> {
    const bind = bindFor(ids?.length ?? 0);
    const list = ids && bind.uints(ids);
    const where =
      list === undefined
        ? `day GLOBAL IN (SELECT DISTINCT day FROM ${table} ORDER BY day DESC LIMIT 2) LIMIT ${maxAhead}`
        : `id IN ${list} LIMIT 1 BY id`;
    const sql = `SELECT id, ${columns} FROM ${table} WHERE ${where}`;
    const r = new RowBinaryReader(
      await this.#client.query(sql, { timeoutMs, params: paramsOf(bind) }),
    );
    const found: [bigint, T][] = [];
    while (!r.done) found.push([r.uint64(), read(r)]);
    return found;
  }
}

/** What {@link readResource} reads, after the id. */
const resourceColumns = 'attributes, attributes_other, dropped_attributes, schema_url';

function readResource(r: RowBinaryReader): StoredResource {
  const attributes = readAttributePair(r);
  return { attributes, droppedAttributesCount: r.uint32(), schemaUrl: r.string() };
}

/** What {@link readScope} reads, after the id. */
const scopeColumns = `name, version, ${resourceColumns}`;

function readScope(r: RowBinaryReader): StoredScope {
  return { name: r.string(), version: r.string(), ...readResource(r) };
}

/**
 * Finds what is wanted in the cache and fetches the rest. The first time that anything is missing,
 * the newest sets are fetched ahead, so that later calls find theirs.
 */
async function fill<T>(
  wanted: ReadonlySet<bigint>,
  found: Map<bigint, T>,
  cache: LeastRecent<T>,
  fetch: (ids: readonly bigint[] | undefined) => Promise<[bigint, T][]>,
): Promise<void> {
  let missing = take(wanted, found, cache);
  if (missing.length > 0 && cache.takeFirstMiss()) {
    for (const [id, value] of await fetch(undefined)) cache.set(id, value);
    missing = take(missing, found, cache);
  }
  if (missing.length === 0) return;
  for (const [id, value] of await fetch(missing)) {
    cache.set(id, value);
    found.set(id, value);
  }
}

/** @returns what the cache does not have */
function take<T>(wanted: Iterable<bigint>, found: Map<bigint, T>, cache: LeastRecent<T>): bigint[] {
  const missing: bigint[] = [];
  for (const id of wanted) {
    const known = cache.get(id);
    if (known === undefined) missing.push(id);
    else found.set(id, known);
  }
  return missing;
}

/** Resources and scopes by id: those that the rows of one read need. */
export interface Resolved {
  readonly resources: Map<bigint, StoredResource>;
  readonly scopes: Map<bigint, StoredScope>;
}

/** The resource of a row; one that the dictionary lacks has at least its service name. */
export function resourceOf(row: SpanRow, resolved: Resolved): StoredResource {
  const known = resolved.resources.get(row.resourceId);
  if (known !== undefined) return known;
  const resource = row.resourceInline === '' ? bareResource(row) : inlineResource(row);
  resolved.resources.set(row.resourceId, resource);
  return resource;
}

/** The scope of a row; one that the dictionary lacks is empty. */
export function scopeOf(row: SpanRow, resolved: Resolved): StoredScope {
  const known = resolved.scopes.get(row.scopeId);
  if (known !== undefined) return known;
  const fields = inlineFields(row.scopeInline);
  const scope: StoredScope = {
    name: text(fields.get('name')),
    version: text(fields.get('version')),
    attributes: entries(fields.get('attributes')),
    droppedAttributesCount: count(fields.get('dropped_attributes')),
    schemaUrl: text(fields.get('schema_url')),
  };
  resolved.scopes.set(row.scopeId, scope);
  return scope;
}

function bareResource(row: SpanRow): StoredResource {
  const name: KeyValue = { key: 'service.name', value: { type: 'string', value: row.service } };
  const attributes = row.service === '' ? [] : [name];
  return { attributes, droppedAttributesCount: 0, schemaUrl: '' };
}

function inlineResource(row: SpanRow): StoredResource {
  const fields = inlineFields(row.resourceInline);
  return {
    attributes: entries(fields.get('attributes')),
    droppedAttributesCount: count(fields.get('dropped_attributes')),
    schemaUrl: text(fields.get('schema_url')),
  };
}

function inlineFields(json: string): Map<string, AttributeValue> {
  if (json === '') return new Map();
  return new Map(entries(parseTypedJson(json)).map(({ key, value }) => [key, value]));
}

function entries(value: AttributeValue | undefined): readonly KeyValue[] {
  return value?.type === 'kvlist' ? value.value : [];
}

function text(value: AttributeValue | undefined): string {
  return value?.type === 'string' ? value.value : '';
}

function count(value: AttributeValue | undefined): number {
  return value?.type === 'int' ? Number(value.value) : 0;
}

/** A map of bounded size; a Map keeps insertion order, so the first key is the oldest. */
class LeastRecent<T> {
  readonly #limit: number;
  readonly #map = new Map<bigint, T>();
  #missed = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True once: for the first who misses anything. */
  takeFirstMiss(): boolean {
    const first = !this.#missed;
    this.#missed = true;
    return first;
  }

  get(key: bigint): T | undefined {
    const value = this.#map.get(key);
    if (value === undefined) return undefined;
    this.#map.delete(key);
    this.#map.set(key, value);
    return value;
  }

  set(key: bigint, value: T): void {
    this.#map.set(key, value);
    if (this.#map.size > this.#limit) this.#map.delete(this.#map.keys().next().value!);
  }
}
