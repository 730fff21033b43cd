import type { PipelineError } from '../../component/errors.ts';
import { Pause } from '../../component/pause.ts';
import type { Settings } from '../../component/settings.ts';
import type { KafkaReceiverConfig } from './config.ts';
import type { InRecord } from './record.ts';
import type { KafkaTelemetry } from './telemetry.ts';

/** What a partition is given records for; settles when the pipeline has decided. */
export type Take = (
  record: InRecord,
  cancelled: () => boolean,
) => Promise<PipelineError | undefined>;

/** A partition that is assigned to this member: what to read next, what may be committed. */
export class PartitionReader {
  readonly topic: string;
  readonly partition: number;
  /** Offset to read next. */
  offset: bigint;
  /** Nothing is read: a record was refused and marking does not allow to go on. */
  paused = false;
  /** Offset and epoch to commit; undefined = nothing new. */
  marked: { readonly offset: bigint; readonly leaderEpoch: number } | undefined;
  leaderEpoch = -1;
  /** Number of the broker that leads it, '' = not known yet. */
  node = '';
  readonly #settings: Settings;
  readonly #config: KafkaReceiverConfig;
  readonly #take: Take;
  readonly #ends: (() => void)[];
  #current = 0;
  #lag = 0;
  #cancelled = false;
  readonly #pause: Pause;

  constructor(
    place: { readonly topic: string; readonly partition: number; readonly offset: bigint },
    settings: Settings,
    config: KafkaReceiverConfig,
    telemetry: KafkaTelemetry,
    take: Take,
  ) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.offset = place.offset;
    this.#settings = settings;
    this.#pause = new Pause(settings.clock);
    this.#config = config;
    this.#take = take;
    const attributes = { topic: place.topic, partition: String(place.partition) };
    this.#ends = [
      telemetry.offset(() => this.#current, attributes),
      telemetry.lag(() => this.#lag, attributes),
    ];
    telemetry.partitionStart.add(1);
    this.#ends.push(() => telemetry.partitionClose.add(1));
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** The partition is another's now, or the receiver stops: no more records are begun. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    for (const end of this.#ends) end();
    this.#pause.end();
  }

  /**
   * Hands on records one after the other.
   * @param next offset to read after them
   * @param highWatermark offset after the last record that the partition has
   */
  async process(records: readonly InRecord[], next: bigint, highWatermark: bigint): Promise<void> {
    for (const record of records) {
      if (this.#cancelled) return;
      this.#current = Number(record.offset);
      const fatal = await this.#handle(record);
      if (this.#cancelled && fatal !== undefined) return;
      if (fatal !== undefined) {
        this.#stopAt(record, fatal);
        return;
      }
      this.marked = { offset: record.offset + 1n, leaderEpoch: record.leaderEpoch };
      this.offset = record.offset + 1n;
      this.#lag = Number(highWatermark - 1n - record.offset);
    }
    if (next > this.offset) this.offset = next;
  }

  /** @returns the error that ends reading here; undefined = go on */
  async #handle(record: InRecord): Promise<PipelineError | undefined> {
    const { message_marking: marking, error_backoff: backoff } = this.#config;
    const { logger, clock } = this.#settings;
    const startedMs = clock.monotonicMs();
    let intervalMs = backoff.initial_interval;
    for (;;) {
      const error = await this.#take(record, () => this.#cancelled);
      if (error === undefined) return undefined;
      const fields = { error: error.message, ...this.#fields(record) };
      if (backoff.enabled && error.retryable) {
        const waitMs = Math.max(this.#vary(intervalMs), error.retryAfterMs ?? 0);
        const most = backoff.max_elapsed_time;
        if (most === 0 || clock.monotonicMs() - startedMs + waitMs <= most) {
          logger.info('Backing off due to error from the next consumer.', {
            ...fields,
            delay_ms: Math.round(waitMs),
          });
          await this.#pause.wait(waitMs);
          if (this.#cancelled) return error;
          intervalMs = Math.min(intervalMs * backoff.multiplier, backoff.max_interval);
          continue;
        }
        logger.warn(
          'Stop error backoff because the configured max_elapsed_time is reached',
          fields,
        );
      }
      const mark = error.retryable
        ? marking.on_error
        : (marking.on_permanent_error ?? marking.on_error);
      if (marking.after && !mark) return error;
      logger.error('failed to consume message, skipping due to message_marking config', fields);
      return undefined;
    }
  }

  #vary(ms: number): number {
    const { randomization_factor: factor } = this.#config.error_backoff;
    return ms * (1 + factor * (2 * this.#settings.random.float() - 1));
  }

  #stopAt(record: InRecord, error: PipelineError): void {
    const { logger } = this.#settings;
    const fields = { error: error.message, ...this.#fields(record) };
    this.offset = record.offset;
    if (this.#config.error_backoff.enabled && error.retryable) {
      logger.info('rewinding partition to retry failed record on next poll', fields);
      return;
    }
    this.paused = true;
    const why = error.retryable ? '(no backoff configured)' : '(permanent)';
    const text = `pausing partition due to processing error ${why}, until the next rebalance`;
    logger.error(text, fields);
  }

  #fields(record: InRecord): Record<string, unknown> {
    return { topic: this.topic, partition: this.partition, offset: Number(record.offset) };
  }
}
