import type { Allocate, Block } from '../block.ts';
import { DayTables } from '../day-tables.ts';
import { Message } from '../message.ts';
import { sealDictionaries } from '../smart/dictionary-rows.ts';
import { SmartEncoder } from '../smart/encoder.ts';
import type { InternedSet, SetLimits } from '../smart/sets.ts';
import type { WrittenRows } from '../smart/written-rows.ts';
import { dayOf } from '../time.ts';
import { type EntityRow, readEntityEvent } from './entity-event.ts';
import { addressesBlock, entitiesBlock } from './entity-tables.ts';
import { FlowsTable } from './flows-table.ts';
import { EVENT_NAME, LogsTable, OBSERVED_TIME, TIME } from './logs-table.ts';

/** Length of a bucket in seconds. */
const BUCKET = 60;

/** Names of events that have tables of their own. */
const FLOW = Buffer.from('flow');
const ENTITY_STATE = Buffer.from('entity.state');
const ENTITY_DELETE = Buffer.from('entity.delete');

/** A sealed batch of log records: blocks in the order in which they are inserted. */
export interface SealedLogs {
  readonly blocks: readonly Block[];
  /** Dictionary rows in it, for WrittenRows.add once they are delivered. */
  readonly dictionaryKeys: readonly string[];
}

interface DaySets {
  readonly resources: Set<InternedSet>;
  readonly scopes: Set<InternedSet>;
}

/**
 * Log records as rows of schema `smart` (docs/schema.md): events `flow` in table `flows`, entity
 * events in `entities` and `entity_addresses`, everything else in `logs`.
 */
export class SmartLogsEncoder extends SmartEncoder {
  readonly #logs = new DayTables(() => new LogsTable());
  readonly #flows = new DayTables(() => new FlowsTable());
  #entities: EntityRow[] = [];
  readonly #record = new Message({ attributes: 6, listA: 0, listB: 0 });
  /** Sets that rows of a day refer to. */
  readonly #used = new Map<number, DaySets>();

  /**
   * @param key 16 bytes of setting `id_key`
   * @param written dictionary rows that need no repeating
   */
  constructor(key: Uint8Array, written: WrittenRows, limits?: SetLimits) {
    super(key, written, limits, BUCKET);
  }

  item(b: Uint8Array, start: number, end: number): void {
    const record = this.#record;
    record.read(b, start, end);
    const from = record.start[EVENT_NAME]!;
    const to = record.end[EVENT_NAME]!;
    const deleted = isText(b, from, to, ENTITY_DELETE);
    if ((deleted || isText(b, from, to, ENTITY_STATE)) && this.#entity(b, deleted)) return;
    if (isText(b, from, to, FLOW)) this.#row(b, this.#flows);
    else this.#row(b, this.#logs);
  }

  #row<T extends LogsTable | FlowsTable>(b: Uint8Array, tables: DayTables<T>): void {
    const record = this.#record;
    const low = record.low(b, TIME);
    const high = record.high(b, TIME);
    const timed = low !== 0 || high !== 0;
    const bucket = timed
      ? this.bucketOf(low, high)
      : this.bucketOf(record.low(b, OBSERVED_TIME), record.high(b, OBSERVED_TIME));
    const day = dayOf(bucket);
    const table = tables.for(day);
    const resource = this.currentResource!;
    const scope = this.currentScope!;
    table.rows++;
    table.head.put(bucket, low, high, resource, scope);
    table.put(b, record);
    let used = this.#used.get(day);
    if (used === undefined) {
      used = { resources: new Set(), scopes: new Set() };
      this.#used.set(day, used);
    }
    used.resources.add(resource);
    used.scopes.add(scope);
  }

  #entity(b: Uint8Array, deleted: boolean): boolean {
    const record = this.#record;
    const low = record.low(b, TIME);
    const high = record.high(b, TIME);
    const timed = low !== 0 || high !== 0;
    const timeNs = timed
      ? (BigInt(high) << 32n) | BigInt(low)
      : BigInt(this.receipt) * 1_000_000_000n;
    const row = readEntityEvent(b, record, deleted, timeNs, this.receipt);
    if (row !== undefined) this.#entities.push(row);
    return row !== undefined;
  }

  /**
   * What was added: dictionary rows that are not known to be written, entities, then flows and
   * logs, one block a day and table. The encoder is empty afterwards.
   */
  seal(batchId: bigint, allocate?: Allocate): SealedLogs {
    const blocks: Block[] = [];
    const dictionaryKeys: string[] = [];
    for (const [day, { resources, scopes }] of [...this.#used].sort((a, b) => a[0] - b[0])) {
      const rows = { day, resources, scopes, operations: [] };
      sealDictionaries(rows, this.written, blocks, dictionaryKeys);
    }
    this.#used.clear();
    if (this.#entities.length > 0) blocks.push(entitiesBlock(this.#entities));
    const addresses = addressesBlock(this.#entities);
    if (addresses !== undefined) blocks.push(addresses);
    this.#entities = [];
    const options = {
      batchColumn: 'batch',
      batchId,
      ...(allocate === undefined ? {} : { allocate }),
    };
    blocks.push(
      ...this.#flows.seal({ ...options, table: 'flows' }),
      ...this.#logs.seal({ ...options, table: 'logs' }),
    );
    return { blocks, dictionaryKeys };
  }
}

function isText(b: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (b[start + i] !== text[i]) return false;
  return true;
}
