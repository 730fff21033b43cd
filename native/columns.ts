import { AsString } from '../wire/clickhouse/as-string.ts';
import type { Allocate, Block } from '../wire/clickhouse/block.ts';
import { StringColumn } from '../wire/clickhouse/columns.ts';
import type { SealOptions } from '../wire/clickhouse/day-tables.ts';
import { type MetricKind, metricKinds, type PointTimes } from '../wire/clickhouse/otel/metrics.ts';
import { readVarint, Scan } from '../wire/clickhouse/scan.ts';
import { sealDictionaries } from '../wire/clickhouse/smart/dictionary-rows.ts';
import type { Operation } from '../wire/clickhouse/smart/dictionary-tables.ts';
import { type InternedSet, type SetLimits, SetTable } from '../wire/clickhouse/smart/sets.ts';
import type { SealedSpans } from '../wire/clickhouse/smart/spans.ts';
import { typedJson } from '../wire/clickhouse/smart/typed-json.ts';
import type { WrittenRows } from '../wire/clickhouse/smart/written-rows.ts';
import { dayOf } from '../wire/clickhouse/time.ts';
import { loadFastPath } from './load.ts';

/** An encoder in C; opaque. */
interface Handle {
  readonly handle: unique symbol;
}

type AskText = (start: number, end: number, how: number) => Uint8Array;
type AskSet = (what: number, start: number, end: number, url: number, urlEnd: number) => Uint8Array;

/** What columns_napi.c exports; its comments say what each does. */
export interface ColumnsAddon {
  create(layout: number, seconds: number): Handle;
  append(
    encoder: Handle,
    range: Uint8Array,
    receiptSeconds: number,
    text: AskText,
    set: AskSet,
  ): void;
  tables(encoder: Handle, family: number): Float64Array;
  columns(encoder: Handle, family: number): string[];
  write(
    encoder: Handle,
    family: number,
    table: number,
    present: Uint8Array,
    withBatch: boolean,
    batchId: bigint,
    target: Uint8Array,
  ): number;
  usedSets(encoder: Handle, table: number): Uint8Array;
  operations(encoder: Handle, table: number): Uint8Array;
  reset(encoder: Handle, family: number): void;
}

const LAYOUTS = { traces: 0, logs: 1, smart: 2, metrics: 3 };

/** The addon, or undefined when it is not built or switched off (WIRESTITCH_FAST_PATHS=off). */
export function loadColumns(): ColumnsAddon | undefined {
  return loadFastPath<ColumnsAddon>('columns').addon;
}

/**
 * What the encoders of all layouts share. A layout has one family of tables, metrics have one for
 * each kind of points.
 */
class NativeTables {
  readonly addon: ColumnsAddon;
  readonly handle: Handle;
  readonly #asString = new AsString();
  readonly #text = new StringColumn('');
  readonly #scan = new Scan();

  /** @param seconds families whose times are DateTime, as bits */
  constructor(addon: ColumnsAddon, layout: number, seconds = 0) {
    this.addon = addon;
    this.handle = addon.create(layout, seconds);
  }

  append(range: Uint8Array, receipt: number, set: AskSet): void {
    const text: AskText = (start, end, how) =>
      how === 1 ? typedJson(range, start, end) : this.#asText(range, start, end);
    this.addon.append(this.handle, range, receipt, text, set);
  }

  #asText(range: Uint8Array, start: number, end: number): Uint8Array {
    const { data } = this.#text;
    data.length = 0;
    this.#asString.put(this.#text, range, start, end);
    return data.bytes.subarray(readVarint(data.bytes, 0, this.#scan), data.length);
  }

  /** Day, rows and bound of each table. */
  list(family = 0): { day: number; rows: number; bound: number }[] {
    const flat = this.addon.tables(this.handle, family);
    return Array.from({ length: flat.length / 3 }, (_, i) => ({
      day: flat[i * 3]!,
      rows: flat[i * 3 + 1]!,
      bound: flat[i * 3 + 2]!,
    }));
  }

  rows(family = 0): number {
    return this.list(family).reduce((sum, table) => sum + table.rows, 0);
  }

  /** Blocks by day, as DayTables.seal makes them; empties the family. */
  seal(options: SealOptions, family = 0): Block[] {
    const { present, batchColumn, batchId } = options;
    if (batchColumn !== undefined && batchColumn !== 'batch') throw new Error('BUG: batch column');
    const { addon, handle } = this;
    const names = addon.columns(handle, family);
    const flags = Uint8Array.from(names, (name) => (present?.has(name) === false ? 0 : 1));
    const columns = names.filter((_, i) => flags[i] === 1);
    if (batchColumn !== undefined) columns.push(batchColumn);
    const blocks = this.list(family).map(({ day, rows, bound }, index) => {
      const target = (options.allocate ?? Buffer.allocUnsafeSlow)(bound);
      const withBatch = batchColumn !== undefined;
      const size = addon.write(handle, family, index, flags, withBatch, batchId, target);
      return { table: options.table, day, rows, columns, body: target.subarray(0, size) };
    });
    addon.reset(handle, family);
    return blocks.sort((a, b) => a.day - b.day);
  }
}

const noSets: AskSet = () => {
  throw new Error('BUG: no sets in this layout');
};

/** The fast twin of OtelTracesEncoder and OtelLogsEncoder. */
export class NativeOtelEncoder {
  readonly #tables: NativeTables;

  constructor(addon: ColumnsAddon, signal: 'traces' | 'logs') {
    this.#tables = new NativeTables(addon, LAYOUTS[signal]);
  }

  append(range: Uint8Array): void {
    this.#tables.append(range, 0, noSets);
  }

  get rows(): number {
    return this.#tables.rows();
  }

  seal(options: SealOptions): Block[] {
    return this.#tables.seal(options);
  }
}

/** The fast twin of OtelMetricsEncoder. */
export class NativeMetricsEncoder {
  readonly #tables: NativeTables;

  constructor(addon: ColumnsAddon, times: PointTimes) {
    const seconds = metricKinds.map((kind, i) => (times[kind] === 'DateTime' ? 1 << i : 0));
    const bits = seconds.reduce((all, bit) => all | bit, 0);
    this.#tables = new NativeTables(addon, LAYOUTS.metrics, bits);
  }

  append(range: Uint8Array): void {
    this.#tables.append(range, 0, noSets);
  }

  get rows(): number {
    return metricKinds.reduce((sum, _, family) => sum + this.#tables.rows(family), 0);
  }

  seal(kind: MetricKind, options: SealOptions): Block[] {
    return this.#tables.seal(options, metricKinds.indexOf(kind));
  }
}

/** The fast twin of SmartSpansEncoder. */
export class NativeSmartEncoder {
  readonly #tables: NativeTables;
  readonly #resources: SetTable;
  readonly #scopes: SetTable;
  readonly #written: WrittenRows;
  readonly #serials = new Map<InternedSet, number>();

  constructor(addon: ColumnsAddon, key: Uint8Array, written: WrittenRows, limits?: SetLimits) {
    this.#tables = new NativeTables(addon, LAYOUTS.smart);
    this.#resources = new SetTable('resource', key, limits);
    this.#scopes = new SetTable('scope', key, limits);
    this.#written = written;
  }

  get inlined(): number {
    return this.#resources.inlined + this.#scopes.inlined;
  }

  get rows(): number {
    return this.#tables.rows();
  }

  append(range: Uint8Array, receiptSeconds: number): void {
    const receipt = Math.floor(receiptSeconds);
    const today = dayOf(receipt);
    const set: AskSet = (what, start, end, url, urlEnd) => {
      const table = what === 0 ? this.#resources : this.#scopes;
      return this.#pack(table.find(range, start, end, url, urlEnd, today));
    };
    this.#tables.append(range, receipt, set);
  }

  /** As columns_smart.c reads it: u64 id, u32 serial, u32 size of service, service, inline. */
  #pack(set: InternedSet): Uint8Array {
    let serial = this.#serials.get(set);
    if (serial === undefined) {
      serial = this.#serials.size;
      this.#serials.set(set, serial);
    }
    const bytes = new Uint8Array(16 + set.service.length + set.inline.length);
    new Uint32Array(bytes.buffer, 0, 4).set([set.idLow, set.idHigh, serial, set.service.length]);
    bytes.set(set.service, 16);
    bytes.set(set.inline, 16 + set.service.length);
    return bytes;
  }

  seal(batchId: bigint, allocate?: Allocate): SealedSpans {
    const { addon, handle } = this.#tables;
    const sets = [...this.#serials.keys()];
    const dictionaries: Block[] = [];
    const dictionaryKeys: string[] = [];
    for (const [index, { day }] of this.#tables.list().entries()) {
      const bytes = addon.usedSets(handle, index);
      const used = [...new Set(new Uint32Array(bytes.buffer))].map((serial) => sets[serial]!);
      const rows = {
        day,
        resources: used.filter((set) => set.kind === 'resource'),
        scopes: used.filter((set) => set.kind === 'scope'),
        operations: operationsOf(addon.operations(handle, index)),
      };
      sealDictionaries(rows, this.#written, dictionaries, dictionaryKeys);
    }
    this.#serials.clear();
    const spans = this.#tables.seal({
      table: 'spans',
      batchColumn: 'batch',
      batchId,
      ...(allocate === undefined ? {} : { allocate }),
    });
    return { blocks: [...dictionaries, ...spans], dictionaryKeys };
  }
}

function operationsOf(packed: Uint8Array): Operation[] {
  const scan = new Scan();
  const operations: Operation[] = [];
  for (let p = 0; p < packed.length; ) {
    const kind = packed[p++]!;
    p = readVarint(packed, p, scan);
    const service = packed.subarray(p, (p += scan.value));
    p = readVarint(packed, p, scan);
    const name = packed.subarray(p, (p += scan.value));
    operations.push({ service, name, kind });
  }
  return operations;
}
