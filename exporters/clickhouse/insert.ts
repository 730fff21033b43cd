import { Code, PipelineError } from '../../component/errors.ts';
import type { Clock } from '../../component/settings.ts';
import { syncReplicas } from '../../storage/schema/replicas.ts';
import { onCluster, type Place, storedName, tableName } from '../../storage/schema/table.ts';
import { quoteName, rowsOf, type SqlClient, SqlError, type SqlOptions } from '../../storage/sql.ts';
import { insertError, pipelineError } from './errors.ts';
import type { BlockState, ClickHouseBatch, SealedBlock } from './sealed-batch.ts';

/** Where blocks go. */
export interface InsertTarget {
  readonly client: SqlClient;
  readonly database: string;
  /** The cluster whose Distributed tables blocks go into: rows are in `<table>_local` of its nodes. */
  readonly cluster?: string;
  /** Settings that each INSERT has beside the usual ones. */
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly clock: Clock;
  /** Resolves when no statement with this id runs any more. */
  endQuery(queryId: string): Promise<void>;
  /** Told of each INSERT that succeeded. */
  inserted(block: SealedBlock): void;
}

/**
 * Settings that make one body one block and, as it lies in one partition, one part, which is there
 * whole or not at all.
 */
const settings: Readonly<Record<string, string | number>> = {
  async_insert: 0,
  max_insert_block_size: 10_000_000,
  min_insert_block_size_rows: 0,
  min_insert_block_size_bytes: 0,
};

/** Milliseconds that looking into an unknown outcome may take at least. */
const MIN_LOOK_MS = 5_000;
/** Time that the replicas of a cluster have to catch up before that, milliseconds. */
const SYNC_MS = 6 * MIN_LOOK_MS;

/**
 * One id a block, the same for all attempts: a server refuses a second statement with the id of one
 * that still runs, and the id is known after a restart.
 */
export function queryIdOf(batch: ClickHouseBatch, index: number): string {
  return `wirestitch-${batch.batchId.toString(16).padStart(16, '0')}-${index}`;
}

/**
 * Sends what is not yet known to be delivered, block after block. A block that is refused keeps
 * neither those of other tables back nor, when no retry helps it, the other ones of its table; rows
 * of dictionaries come first in any case.
 * @param fromBefore the first attempt of this process, after one of another that got no answer
 * @throws PipelineError of a block that failed, a retryable one if there is any; blocks that were
 *   delivered stay done
 */
export async function sendBatch(
  target: InsertTarget,
  batch: ClickHouseBatch,
  fromBefore: boolean,
  deadlineMs: number,
): Promise<void> {
  if (fromBefore) for (const state of batch.states) state.unknown = true;
  let failure: PipelineError | undefined;
  const waiting = new Set<string>();
  for (const [index, block] of batch.blocks.entries()) {
    if (batch.states[index]!.done || waiting.has(block.table)) continue;
    try {
      await deliver(target, batch, index, deadlineMs);
    } catch (thrown) {
      const error = PipelineError.from(thrown);
      if (error.retryable && (!isAnswer(error) || block.verify === 'idempotent')) throw error;
      if (error.retryable) waiting.add(block.table);
      if (failure === undefined || (error.retryable && !failure.retryable)) failure = error;
    }
  }
  if (failure !== undefined) throw failure;
}

/** Items of a batch that are known to be stored. */
export function arrivedItems(batch: ClickHouseBatch): number {
  let items = 0;
  for (const [index, block] of batch.blocks.entries()) {
    if (batch.states[index]!.done && block.facts === true) items += block.rows;
  }
  return Math.min(items, batch.itemCount);
}

/** Whether ClickHouse itself refused: it is there, and what it says is about this block. */
function isAnswer(error: PipelineError): boolean {
  return error.cause instanceof SqlError && error.cause.code !== 0;
}

async function deliver(
  target: InsertTarget,
  batch: ClickHouseBatch,
  index: number,
  deadlineMs: number,
): Promise<void> {
  const block = batch.blocks[index]!;
  const state = batch.states[index]!;
  const queryId = queryIdOf(batch, index);
  if (state.unknown && block.verify === 'count') {
    await settleUnknown(target, batch, block, state, queryId);
    if (state.done) return;
  }
  if (target.clock.monotonicMs() >= deadlineMs) throw tooLate();
  await sendBlock(target, block, state, queryId, deadlineMs);
}

/** A batch waits on disk while the configuration may come to name another database. */
function placeOf(target: InsertTarget, block: SealedBlock): Place {
  const { database = target.database } = block;
  return target.cluster === undefined ? { database } : { database, cluster: target.cluster };
}

/** Nobody waits for the attempt any more: another one may follow, so nothing more is sent. */
export function tooLate(): PipelineError {
  const status = Code.DEADLINE_EXCEEDED;
  return new PipelineError('the time of the attempt is over', { retryable: true, status });
}

async function sendBlock(
  target: InsertTarget,
  block: SealedBlock,
  state: BlockState,
  queryId: string,
  deadlineMs: number,
): Promise<void> {
  const { client, clock } = target;
  const into = tableName(placeOf(target, block), block.table);
  const columns = block.columns.map(quoteName).join(', ');
  const left = deadlineMs - clock.monotonicMs();
  const options: SqlOptions = {
    queryId,
    settings: {
      ...settings,
      ...(block.day === -1 ? { max_partitions_per_insert_block: 0 } : {}),
      ...target.settings,
    },
    ...(Number.isFinite(left)
      ? { timeoutMs: Math.max(1, Math.floor(left)) }
      : { timeoutMs: 2 ** 31 - 1 }),
    ...(block.compression === 'none' ? {} : { contentEncoding: block.compression }),
  };
  try {
    await client.insert(`INSERT INTO ${into} (${columns}) FORMAT Native`, [block.body], options);
  } catch (error) {
    if (mayHaveRun(error)) state.unknown = true;
    throw insertError(error, `insert ${block.rows} rows into ${into}`);
  }
  state.done = true;
  target.inserted(block);
}

/** TOO_MANY_SIMULTANEOUS_QUERIES: refused before it began. */
const NOT_BEGUN = 202;

/**
 * Whether a failed INSERT may have stored its rows. An answered error, too, can come after the part
 * was committed: from a view behind the table, a quorum or Keeper.
 */
function mayHaveRun(error: unknown): boolean {
  if (!(error instanceof SqlError)) return true;
  return error.code === 0 ? error.outcome === 'unknown' : error.code !== NOT_BEGUN;
}

/**
 * Finds out what a failed attempt has left: ends it, then counts the rows of the batch.
 * All there: done. None: the block is to be sent. Some: they are removed first; a part is written
 * whole or not at all, so that this is the work of somebody else.
 */
async function settleUnknown(
  target: InsertTarget,
  batch: ClickHouseBatch,
  block: SealedBlock,
  state: BlockState,
  queryId: string,
): Promise<void> {
  const { client } = target;
  const place = placeOf(target, block);
  const table = tableName(place, block.table);
  const where =
    `batch = ${batch.batchId}` +
    (block.day === -1 ? '' : ` AND ${block.dayExpression} = toDate(${block.day})`);
  const doing = `find out what a failed insert into ${table} has left`;
  try {
    await target.endQuery(queryId);
    await syncReplicas(client, place, block.table, {
      settings: onAllNodes(place, SYNC_MS),
      timeoutMs: SYNC_MS,
    });
    const [row] = await rowsOf<{ rows: string }>(
      client,
      `SELECT count() AS rows FROM ${table} WHERE ${where}`,
      {
        timeoutMs: 4 * MIN_LOOK_MS,
        ...(target.cluster === undefined ? {} : { settings: { skip_unavailable_shards: 0 } }),
      },
    );
    const rows = Number(row?.rows);
    if (rows === block.rows) {
      state.done = true;
      target.inserted(block);
      return;
    }
    if (rows !== 0) {
      const stored = tableName(place, storedName(place, block.table));
      await client.command(`ALTER TABLE ${stored}${onCluster(place)} DELETE WHERE ${where}`, {
        settings: { mutations_sync: 2, ...onAllNodes(target, 12 * MIN_LOOK_MS) },
        timeoutMs: 12 * MIN_LOOK_MS,
      });
    }
    state.unknown = false;
  } catch (error) {
    if (error instanceof SqlError || error instanceof PipelineError) {
      throw pipelineError(error, doing);
    }
    // An engine that is away or an answer that makes no sense: nothing is wrong with the batch.
    const message = `cannot ${doing}: ${error instanceof Error ? error.message : String(error)}`;
    throw new PipelineError(message, { retryable: true, cause: error });
  }
}

/** Lets a statement ON CLUSTER fail for a node that is away before nobody waits for it any more. */
export function onAllNodes(
  target: { readonly cluster?: string },
  timeoutMs: number,
): Readonly<Record<string, number>> {
  if (target.cluster === undefined) return {};
  return { distributed_ddl_task_timeout: Math.max(1, Math.floor(timeoutMs / 1000) - 2) };
}
