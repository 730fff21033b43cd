import type { Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import { Receipts } from '../../component/receipts.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { setTextAttribute } from '../../pdata/overlay.ts';
import { AttributeKey, GroupReader } from '../../pdata/readers.ts';
import type { KafkaReceiverConfig } from './config.ts';
import { type Decode, decoder } from './decode.ts';
import { contextOf, headerOf, type InRecord } from './record.ts';
import type { KafkaTelemetry } from './telemetry.ts';

/** Time between looks at a memory budget that is used up. */
const budgetPauseMs = 50;

/** Decodes records of one signal and hands them to the pipeline. */
export class Intake<S extends Signal> {
  readonly #settings: Settings;
  readonly #next: Consumer<S>;
  readonly #decode: Decode<S>;
  readonly #headers: readonly (readonly [string, AttributeKey])[];
  readonly #telemetry: KafkaTelemetry;
  readonly #receipts: Receipts;

  /** @throws Error for an encoding that the signal does not have */
  constructor(
    signal: S,
    settings: Settings,
    config: KafkaReceiverConfig,
    next: Consumer<S>,
    telemetry: KafkaTelemetry,
  ) {
    this.#settings = settings;
    this.#next = next;
    this.#decode = decoder(signal, config[signal].encoding);
    const { extract_headers: extract, headers } = config.header_extraction;
    this.#headers = extract
      ? headers.map((name) => [name, new AttributeKey(`kafka.header.${name}`)] as const)
      : [];
    this.#telemetry = telemetry;
    this.#receipts = new Receipts(settings, signal, 'kafka');
  }

  /**
   * @param cancelled whether nobody waits any more, asked while memory is short
   * @returns why it was not taken: retryable or not; undefined = accepted
   */
  async take(record: InRecord, cancelled: () => boolean): Promise<PipelineError | undefined> {
    const { budget, clock } = this.#settings;
    const bytes = record.value.length;
    while (!budget.tryReserve(bytes)) {
      if (cancelled()) return new PipelineError('no memory left', { retryable: true });
      await new Promise<void>((resolve) => void clock.after(budgetPauseMs, resolve));
    }
    try {
      return await this.#take(record);
    } finally {
      budget.release(bytes);
    }
  }

  async #take(record: InRecord): Promise<PipelineError | undefined> {
    const batch = this.#read(record);
    if (batch instanceof PipelineError) return batch;
    const items = batch.itemCount;
    if (items === 0) return undefined;
    const given = this.#headers.length > 0 ? this.#withHeaders(batch, record) : batch;
    try {
      const own = this.#next.mutates && given === batch ? batch.editable() : given;
      await this.#next.consume(own, contextOf(record));
      this.#receipts.accepted(items);
      return undefined;
    } catch (thrown) {
      const error = PipelineError.from(thrown);
      this.#receipts.refused(items);
      return error;
    }
  }

  #read(record: InRecord): Batch<S> | PipelineError {
    try {
      return this.#decode(record.value, this.#settings.clock.unixMs());
    } catch (error) {
      const { topic, partition } = record;
      this.#telemetry.unreadable.add(1, { topic, partition: String(partition) });
      const text = `failed to unmarshal message: ${(error as Error).message}`;
      this.#settings.logger.error('failed to unmarshal message', {
        error: (error as Error).message,
        topic,
        partition,
        offset: Number(record.offset),
      });
      return new PipelineError(text, { retryable: false, cause: error });
    }
  }

  #withHeaders(batch: Batch<S>, record: InRecord): Batch<S> {
    const found = this.#headers.flatMap(([name, key]) => {
      const value = headerOf(record, name);
      return value === undefined ? [] : [[key, value] as const];
    });
    if (found.length === 0) return batch;
    const editable = batch.editable();
    const reader = new GroupReader(editable);
    while (reader.nextResource()) {
      for (const [key, value] of found) setTextAttribute(reader.resource, key, value);
    }
    return editable;
  }
}
