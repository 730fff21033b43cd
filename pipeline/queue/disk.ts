import type { LogRecordHead, RecordLog } from '../../component/extension.ts';
import type { Logger } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { FormBatch } from '../../pdata/form-batch.ts';
import { NewerForm, Unreadable } from '../chain/errors.ts';
import {
  decodeBatch,
  decodeHead,
  decodeHeader,
  encodeRecord,
  itemsOf,
  type RecordHeader,
} from './record.ts';

/** A record that an earlier run left. */
export interface Recovered {
  readonly position: number;
  readonly sealed: boolean;
  readonly partition: string;
  readonly items: number;
  readonly bytes: number;
}

/** The queue's side of a record log: batches and sealed bodies in, positions out. */
export class DiskQueue<S extends Signal> {
  readonly #signal: S;
  readonly #log: RecordLog;
  readonly #logger: Logger;
  readonly #acks = new Set<Promise<void>>();

  constructor(signal: S, log: RecordLog, logger: Logger) {
    this.#signal = signal;
    this.#log = log;
    this.#logger = logger;
  }

  /** Bytes of records that are not acknowledged. */
  get bytes(): number {
    return this.#log.bytes;
  }

  /**
   * What is left of earlier runs, oldest first. What cannot be sent is passed to `unusable`, and
   * acknowledged unless a newer version wrote it.
   */
  async *recovered(unusable: (items: number, error: Unreadable) => void): AsyncIterable<Recovered> {
    for (const found of this.#log.recovered()) {
      const { position } = found;
      try {
        const { partition, items, bodyAt } = await this.#headOf(found);
        const bytes = found.bytes - bodyAt;
        yield { position, sealed: found.type === 'sealed', partition, items, bytes };
      } catch (thrown) {
        const error =
          thrown instanceof Unreadable
            ? thrown
            : new Unreadable(`record ${position} of the queue: ${textOf(thrown)}`, thrown);
        if (!(error instanceof NewerForm)) this.ack([position]);
        unusable(itemsOf(found.head), error);
      }
    }
  }

  /** Reads the record only where its header is longer than what is known of it. */
  async #headOf({ position, head, bytes }: LogRecordHead): Promise<RecordHeader> {
    const known = decodeHead(this.#signal, head, bytes);
    return known ?? decodeHeader(this.#signal, (await this.#log.read(position)).payload);
  }

  append(batch: Batch<S>, partition: string): Promise<number> {
    const own = batch instanceof FormBatch ? batch.stored : undefined;
    const body = own === undefined ? batch.ranges() : [own];
    const stored = own !== undefined;
    const record = encodeRecord(this.#signal, partition, batch.itemCount, body, stored);
    return this.#log.append('data', record);
  }

  /** Writes a sealed batch that takes the place of the records at `replaces`. */
  appendSealed(
    items: number,
    body: readonly Uint8Array[],
    replaces: readonly number[],
  ): Promise<number> {
    return this.#log.append('sealed', encodeRecord(this.#signal, '', items, body), replaces);
  }

  /** Throws when the record cannot be read or is none of this queue. */
  async readBatch(position: number): Promise<Batch<S>> {
    const { payload } = await this.#log.read(position);
    return decodeBatch(this.#signal, payload);
  }

  async readSealed(position: number): Promise<Uint8Array> {
    const { payload } = await this.#log.read(position);
    return payload.subarray(decodeHeader(this.#signal, payload).bodyAt);
  }

  /** Notes that records are done with. A failure is logged: they would come again after a restart. */
  ack(positions: readonly number[]): void {
    const done = this.#log.ack(positions).catch((error: unknown) => {
      const fields = { records: positions.length, error: textOf(error) };
      this.#logger.error(
        'Cannot acknowledge queue records: a restart will send them again',
        fields,
      );
    });
    this.#acks.add(done);
    void done.then(() => this.#acks.delete(done));
  }

  async close(): Promise<void> {
    await Promise.all(this.#acks);
    await this.#log.close();
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
