import { PipelineError } from '../../component/errors.ts';
import type { Attributes, Settings } from '../../component/settings.ts';
import { itemNames, itemUnits, type Signal } from '../../component/signals.ts';
import type { Progress } from '../backend.ts';
import type { Delivery, Sender } from './delivery.ts';
import { dropReason, errorType, NewerForm, ShutDown } from './errors.ts';

/**
 * What becomes of a batch that could not be delivered. `dropped`: it was accepted, so the ledger
 * counts the loss; `refused`: the sender is told, and the ledger is left to whoever tells it.
 */
export type Failed = 'dropped' | 'refused';

/** What an {@link Outcome} is made of. */
export interface OutcomeParts<S extends Signal> {
  readonly signal: S;
  readonly settings: Settings;
  readonly failed: Failed;
  /** Whether what a shutdown interrupts is still on disk. */
  readonly kept: boolean;
  /** Where it sends to: attributes of what is sent, beside the exporter's id. */
  readonly attributes: Attributes;
}

/**
 * The link of an exporter's chain that counts and logs how deliveries end; it throws what the next
 * throws.
 */
export class Outcome<S extends Signal> {
  readonly #settings: Settings;
  readonly #signal: S;
  readonly #failed: Failed;
  #kept: boolean;
  readonly #next: Sender<S>;
  readonly #sent: (items: number) => void;
  readonly #sendFailed: (items: number, error: PipelineError) => void;
  /** Deliveries under way; undefined before the first. */
  #flying: number | undefined;
  readonly #stopCounting: () => void;
  /** Deliveries that a shutdown gave up waiting for: they count no more. */
  readonly #abandoned = new WeakSet<Delivery<S>>();

  constructor(parts: OutcomeParts<S>, next: Sender<S>) {
    const { signal, settings, failed, kept } = parts;
    const name = itemNames[signal];
    const counter = (what: string, description: string) =>
      settings.meter.counter(`otelcol_exporter_${what}_${name}`, {
        description,
        unit: itemUnits[signal],
      });
    this.#settings = settings;
    this.#signal = signal;
    this.#failed = failed;
    this.#kept = kept;
    this.#next = next;
    const attributes = { exporter: settings.id, ...parts.attributes };
    const sent = counter('sent', `Number of ${name} successfully sent to destination`);
    this.#sent = (items) => sent.add(items, attributes);
    const lost = counter(
      'send_failed',
      `Number of ${name} in failed attempts to send to destination`,
    );
    this.#sendFailed = (items, error) => {
      const why = { 'error.type': errorType(error), 'error.permanent': String(!error.retryable) };
      lost.add(items, { ...attributes, ...why });
    };
    this.#stopCounting = settings.meter.gauge(
      'otelcol_exporter_in_flight_requests',
      {
        description: 'Deliveries under way, waits for a retry included',
        unit: '{request}',
        upDown: true,
      },
      () => this.#flying ?? Number.NaN,
      { exporter: settings.id, data_type: signal },
    );
  }

  readonly send: Sender<S> = async (delivery) => {
    this.#flying = (this.#flying ?? 0) + 1;
    try {
      await (this.#settings.tracer.enabled ? this.#traced(delivery) : this.#next(delivery));
    } catch (thrown) {
      const error = PipelineError.from(thrown);
      if (!this.#abandoned.has(delivery)) this.failed(delivery, error);
      throw error;
    } finally {
      this.#flying -= 1;
    }
    if (this.#abandoned.has(delivery)) return;
    this.#sent(delivery.items);
    const { ledger } = this.#settings;
    if (this.#failed === 'dropped') ledger.delivered(delivery.items);
    const { leftOut, leftOutAs } = delivery.progress;
    if (leftOut === 0) return;
    ledger.dropped(leftOutAs, leftOut);
    ledger.delivered(-leftOut); // where all of it is counted as delivered
  };

  /** Unregisters the metric that is observed. */
  close(): void {
    this.#stopCounting();
  }

  async #traced(delivery: Delivery<S>): Promise<void> {
    const { tracer, id } = this.#settings;
    const span = tracer.start(`exporter/${id}/${this.#signal}`, 'internal');
    span?.set('exporter', id);
    span?.set('data_type', this.#signal);
    try {
      await this.#next(delivery);
      span?.set('items.sent', delivery.items);
      span?.end();
    } catch (error) {
      span?.set('items.failed', delivery.items);
      span?.end(PipelineError.from(error).message);
      throw error;
    }
  }

  /** From now on what a shutdown interrupts is not lost: another exporter takes it. */
  handOver(): void {
    this.#kept = true;
  }

  /** Counts items as not delivered, but for those that arrived all the same. */
  failed(given: Pick<Delivery<S>, 'items'> & { progress?: Progress }, error: PipelineError): void {
    if (this.#kept && error instanceof ShutDown) return;
    if (this.#kept && error instanceof NewerForm) {
      const fields = { error: error.message, kept_items: given.items };
      this.#settings.logger.error('Data stays in the queue on disk.', fields);
      return;
    }
    const arrived = given.progress?.arrived ?? 0;
    const items = given.items - arrived;
    const { logger, ledger } = this.#settings;
    this.#sent(arrived);
    this.#sendFailed(items, error);
    if (arrived > 0) ledger.delivered(arrived);
    if (this.#failed === 'refused') {
      if (arrived > 0) ledger.created(arrived); // the sender is told that nothing was taken
      const fields = { error: error.message, rejected_items: items };
      logger.error('Exporting failed. Rejecting data.', fields);
      return;
    }
    ledger.dropped(dropReason(error), items);
    const fields = { error: error.message, dropped_items: items };
    logger.error('Exporting failed. Dropping data.', fields);
  }

  /** Counts a delivery under way as failed now, and its later end not at all. */
  abandon(delivery: Delivery<S>, error: PipelineError): void {
    this.#abandoned.add(delivery);
    this.failed(delivery, error);
  }
}
