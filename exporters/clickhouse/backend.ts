import { PipelineError } from '../../component/errors.ts';
import type { Host, Settings } from '../../component/settings.ts';
import type { Batch } from '../../pdata/batch.ts';
import { inForm, storedForm } from '../../pdata/form-batch.ts';
import { type Attempt, NewerForm, type SealingBackend } from '../../pipeline/exporter.ts';
import type { SqlClient } from '../../storage/sql.ts';
import { BodyPool } from './body-pool.ts';
import type { ClusterTarget } from './cluster.ts';
import { compressBody } from './compress.ts';
import type { ClickHouseConfig, Compression } from './config.ts';
import { type Connection, connect } from './connection.ts';
import { pipelineError } from './errors.ts';
import { arrivedItems, sendBatch, tooLate } from './insert.ts';
import type { Placed, PlacedBlock, SchemaWriter, StoredSignal } from './schemas.ts';
import {
  type ClickHouseBatch,
  decodeBatch,
  encodeBatch,
  newBatch,
  type SealedBlock,
} from './sealed-batch.ts';
import type { SmartSchema } from './smart-schema.ts';

/** Bytes of OTLP that are encoded without a pause for other work. */
const BYTES_A_TURN = 2 * 1024 * 1024;

/** What was taken up before a seal. */
interface Absorbed {
  items: number;
  /** It cannot be encoded. */
  error: PipelineError | undefined;
}

function newAbsorbed(): Absorbed {
  return { items: 0, error: undefined };
}

const nothing: Placed = { blocks: [], dictionaryKeys: [] };

/** A batch as blocks that are not compressed yet. */
interface WrittenBatch extends Placed {
  readonly batchId: bigint;
  readonly items: number;
}

/** Delivers one signal into ClickHouse; see README.md for what is promised when. */
export class ClickHouseBackend<S extends StoredSignal>
  implements SealingBackend<S, ClickHouseBatch>
{
  readonly #signal: S;
  readonly #settings: Settings;
  readonly #config: ClickHouseConfig;
  readonly #bodies: BodyPool;
  /** The attempt under way of a batch; resolves when it has ended. */
  readonly #running = new WeakMap<ClickHouseBatch, Promise<void>>();
  readonly #done = new WeakSet<ClickHouseBatch>();
  #connection: Connection | undefined;
  #writer: SchemaWriter | undefined;
  #stopJobs: (() => Promise<void>) | undefined;
  /** Writes rows that were made for schema `smart` before the configuration named another one. */
  #older: SmartSchema | undefined;
  #cluster: ClusterTarget = {};
  /** Seals run one after the other: they share the writer. */
  #sealing: Promise<unknown> = Promise.resolve();
  /** Seals that still need the writer. */
  #writing = 0;
  /** What was taken up for the next seal. */
  #absorbed = newAbsorbed();

  constructor(signal: S, settings: Settings, config: ClickHouseConfig) {
    this.#signal = signal;
    this.#settings = settings;
    this.#config = config;
    this.#bodies = new BodyPool(settings.budget, settings.clock);
  }

  async start(host: Host): Promise<void> {
    const { id, logger } = this.#settings;
    const connection = await connect(this.#config, host);
    this.#connection = connection;
    try {
      const { clusterTarget } = await import('./cluster.ts');
      const signal = this.#signal;
      this.#cluster = await clusterTarget(connection.client, this.#config, signal);
      const smart = await this.#prepareSmart(connection.client);
      if (smart !== undefined) {
        this.#writer = smart.writer;
        this.#stopJobs = smart.stop;
      } else {
        const { prepareOtel } = await import('./otel-schema.ts');
        const own = this.#config.engine !== undefined;
        this.#writer = await prepareOtel(connection.client, this.#config, signal, own, logger);
        this.#older = await this.#prepareOlder(connection.client);
      }
    } catch (error) {
      throw pipelineError(error, `prepare the tables of ${id}`);
    }
  }

  /** The tables of schema `smart`, if that is the one. */
  async #prepareSmart(client: SqlClient): Promise<SmartSchema | undefined> {
    if (this.#config.schema !== 'smart') return undefined;
    if (this.#signal === 'traces') {
      const { prepareSmart } = await import('./smart-schema.ts');
      return prepareSmart(client, this.#config, this.#settings);
    }
    if (this.#signal === 'logs') {
      const { prepareSmartLogs } = await import('./smart-logs.ts');
      return prepareSmartLogs(client, this.#config, this.#settings);
    }
    const { prepareSmartMetrics } = await import('./smart-metrics.ts');
    return prepareSmartMetrics(client, this.#config, this.#settings);
  }

  /** Metrics alone wait in a form that belongs to schema `smart`. */
  async #prepareOlder(client: SqlClient): Promise<SmartSchema | undefined> {
    if (this.#signal !== 'metrics') return undefined;
    const { prepareOlderMetrics } = await import('./smart-metrics.ts');
    return prepareOlderMetrics(client, this.#config, this.#settings);
  }

  async shutdown(): Promise<void> {
    await this.#stopJobs?.();
    await this.#older?.stop();
    this.#stopJobs = undefined;
    await this.#connection?.client.close();
    this.#connection = undefined;
    this.#bodies.close();
  }

  absorbs(): 'native' | 'buffers' | undefined {
    const writer = this.#writer;
    if (writer === undefined || this.#writing > 0) return undefined;
    return writer.native ? 'native' : 'buffers';
  }

  absorb(batch: Batch<S>, nowMs: number): void {
    const absorbed = this.#absorbed;
    absorbed.items += batch.itemCount;
    if (absorbed.error !== undefined) return;
    try {
      const stored = inForm<Uint8Array>(batch, storedForm);
      if (stored !== undefined) this.#appendStored(stored);
      else for (const range of batch.ranges()) this.#writer!.append(range, nowMs / 1000);
    } catch (thrown) {
      absorbed.error = PipelineError.from(thrown);
    }
  }

  get parallel(): number | undefined {
    return this.#writer?.parallel;
  }

  get takes(): ReadonlySet<string> | undefined {
    return this.#writer?.takes;
  }

  own(batch: Batch<S>, nowMs: number): Batch<S> {
    return (this.#writer?.own?.(batch, nowMs) ?? batch) as Batch<S>;
  }

  lost(): void {
    this.#writer?.lost?.();
  }

  #appendStored(bytes: Uint8Array): void {
    const writer = this.#writer?.appendStored === undefined ? this.#older?.writer : this.#writer;
    if (writer?.appendStored?.(bytes) === true) return;
    const isThere = writer?.appendStored !== undefined;
    const why = isThere ? 'is not the one that they were made for' : 'has no tables of that schema';
    const message =
      'cannot store rows that were queued for schema smart: database ' +
      `${JSON.stringify(this.#config.database)} ${why}; name the one ` +
      'that they were queued for until they are delivered';
    throw new NewerForm(message);
  }

  seal(batches: readonly Batch<S>[], nowMs: number): Promise<ClickHouseBatch> {
    const absorbed = this.#absorbed;
    this.#absorbed = newAbsorbed();
    this.#writing++;
    const written = this.#sealing.then(() => this.#write(absorbed, batches, nowMs));
    this.#sealing = written.then(
      () => void this.#writing--,
      () => void this.#writing--,
    );
    return written.then((rows) => this.#finishAll(rows));
  }

  async #write(
    absorbed: Absorbed,
    batches: readonly Batch<S>[],
    nowMs: number,
  ): Promise<WrittenBatch> {
    const writer = this.#writer;
    if (writer === undefined) throw new PipelineError('BUG: not started', { retryable: false });
    try {
      if (absorbed.error !== undefined) throw absorbed.error;
      const items = absorbed.items + (await this.#append(writer, batches, nowMs));
      const batchId = this.#newId();
      const placed = writer.seal(batchId, this.#bodies.take);
      const older = this.#older?.writer.seal(batchId, this.#bodies.take) ?? nothing;
      return {
        batchId,
        items,
        blocks: [...placed.blocks, ...older.blocks],
        dictionaryKeys: [...placed.dictionaryKeys, ...older.dictionaryKeys],
      };
    } catch (error) {
      // What was added of a batch that cannot be encoded must not get into the next one.
      writer.seal(0n);
      this.#older?.writer.seal(0n);
      throw error;
    }
  }

  /** @returns items in the batches */
  async #append(
    writer: SchemaWriter,
    batches: readonly Batch<S>[],
    nowMs: number,
  ): Promise<number> {
    let items = 0;
    let bytes = 0;
    for (const batch of batches) {
      items += batch.itemCount;
      const stored = inForm<Uint8Array>(batch, storedForm);
      if (stored !== undefined) {
        this.#appendStored(stored);
        continue;
      }
      for (const range of batch.ranges()) {
        writer.append(range, nowMs / 1000);
        bytes += range.length;
        if (bytes < BYTES_A_TURN) continue;
        bytes = 0;
        await new Promise((resume) => setImmediate(resume));
      }
    }
    return items;
  }

  async #finishAll({
    batchId,
    items,
    blocks,
    dictionaryKeys,
  }: WrittenBatch): Promise<ClickHouseBatch> {
    const sealed = await Promise.all(blocks.map((block) => this.#finish(block)));
    const fresh = sealed.filter((block) => !this.#bodies.owns(block.body));
    const toReserve = fresh.reduce((sum, block) => sum + block.body.length, 0);
    const repeatable = this.#writer?.repeatable === true;
    const batch = newBatch(batchId, items, sealed, dictionaryKeys);
    return { ...batch, byteLength: toReserve, repeatable };
  }

  async #finish(block: PlacedBlock): Promise<SealedBlock> {
    const compression: Compression = this.#connection?.compression ?? 'none';
    const { database } = this.#config;
    if (compression === 'none') return { ...block, database, compression };
    const body = await compressBody(block.body, compression);
    this.#bodies.give(block.body);
    return { ...block, database, compression, body };
  }

  #newId(): bigint {
    const bytes = this.#settings.random.bytes(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  }

  async send(sealed: ClickHouseBatch, attempt: Attempt): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) throw new PipelineError('BUG: not started', { retryable: false });
    const target = {
      ...this.#cluster,
      client: connection.client,
      database: this.#config.database,
      clock: this.#settings.clock,
      endQuery: connection.endQuery,
      inserted: (block: SealedBlock) => {
        this.#count(block);
        if (attempt.progress !== undefined) attempt.progress.arrived = arrivedItems(sealed);
      },
    };
    // An attempt that was given up may still run: two at once would both find a block missing.
    for (let other = this.#running.get(sealed); other; other = this.#running.get(sealed)) {
      await other;
      if (this.#settings.clock.monotonicMs() >= attempt.deadlineMs) throw tooLate();
    }
    const fromBefore = attempt.number === 1 && attempt.previousUnknown;
    const sent = sendBatch(target, sealed, fromBefore, attempt.deadlineMs);
    const ended = sent.then(
      () => this.#delivered(sealed),
      () => void this.#running.delete(sealed),
    );
    this.#running.set(sealed, ended);
    await sent;
  }

  /** Once for each batch: its memory may belong to another one afterwards. */
  #delivered(sealed: ClickHouseBatch): void {
    this.#running.delete(sealed);
    if (this.#done.has(sealed)) return;
    this.#done.add(sealed);
    this.#writer?.delivered(sealed.dictionaryKeys);
    this.#older?.writer.delivered(sealed.dictionaryKeys);
    for (const block of sealed.blocks) this.#bodies.give(block.body);
  }

  #count(block: SealedBlock): void {
    const { meter, id } = this.#settings;
    const attributes = { exporter: id, table: block.table };
    const parts = { description: 'INSERT statements, each one part', unit: '{parts}' };
    meter.counter('otelcol_exporter_clickhouse_parts', parts).add(1, attributes);
    const rows = { description: 'Rows inserted', unit: '{rows}' };
    meter.counter('otelcol_exporter_clickhouse_rows', rows).add(block.rows, attributes);
  }

  encode(sealed: ClickHouseBatch): readonly Uint8Array[] {
    return encodeBatch(sealed);
  }

  decode(bytes: Uint8Array): ClickHouseBatch {
    return decodeBatch(bytes);
  }
}
