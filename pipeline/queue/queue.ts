import type { Context } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { ShutDown, staysOnDisk } from '../chain/errors.ts';
import { Deliveries } from './deliveries.ts';
import type { DiskQueue } from './disk.ts';
import { Intake } from './intake.ts';
import type { QueueParts } from './parts.ts';
import { type Heir, Settling } from './settling.ts';
import { type QueueWorks, queueWorks } from './works.ts';

/**
 * The sending queue: admits requests, makes batches of them, keeps `num_consumers` deliveries
 * under way, and settles each request when all of it is delivered or dropped. Deliveries pull: a
 * batch is made when a consumer is free for it.
 *
 *   consume ─> [pacing] ─> admission ─> [disk] ─> lanes ─> assemble ─> [sealer] ─> outcome
 *   └──────────── Intake ──────────────────────┘  └────── Deliveries, Settling ──────────┘
 */
export class SendingQueue<S extends Signal> {
  readonly #parts: QueueParts<S>;
  readonly #works: QueueWorks<S>;
  readonly #settling: Settling<S>;
  readonly #deliveries: Deliveries<S>;
  readonly #intake: Intake<S>;

  constructor(parts: QueueParts<S>) {
    this.#parts = parts;
    this.#works = queueWorks(parts, () => this.#deliveries.dispatch());
    this.#settling = new Settling(parts, this.#works);
    this.#deliveries = new Deliveries(parts, this.#works, this.#settling);
    this.#intake = new Intake(parts, this.#works, this.#settling, this.#deliveries);
  }

  /** Takes up what an earlier run left, and begins to deliver. */
  async start(): Promise<void> {
    const { disk, config } = this.#parts;
    this.#works.telemetry.expose(this.#works.admission, config.sizer);
    if (disk !== undefined) await this.#recover(disk);
    this.#works.started = true;
    this.#deliveries.dispatch();
  }

  /** What cannot be read is counted as dropped, unless it stays for a newer version. */
  async #recover(disk: DiskQueue<S>): Promise<void> {
    const { settings, outcome } = this.#parts;
    let records = 0;
    let items = 0;
    const recovered = disk.recovered((unusable, error) => {
      if (!staysOnDisk(error)) {
        settings.ledger.found(unusable);
        settings.ledger.held(-unusable);
      }
      outcome.failed({ items: unusable }, error);
    });
    for await (const found of recovered) {
      this.#intake.recover(found);
      records++;
      items += found.items;
    }
    if (records > 0) {
      settings.logger.info('Sending queue read from disk', { records, items });
    }
  }

  consume(batch: Batch<S>, ctx: Context): Promise<void> {
    return this.#intake.consume(batch, ctx);
  }

  /**
   * Stops taking. Without a disk everything is tried once more; with one it is left there. What
   * takes longer than `boundMs` is given up: left on disk, or dropped and counted.
   */
  async shutdown(boundMs: number): Promise<void> {
    if (this.#works.stopping) return;
    this.#works.stopping = true;
    const { disk, pauses } = this.#parts;
    this.#works.admission.close();
    this.#works.pacing?.stop();
    pauses.stop();
    if (disk === undefined && this.#works.started) this.#works.lanes.flush();
    else this.#works.lanes.close();
    this.#deliveries.dispatch();
    await this.#deliveries.ended(boundMs);
    this.#deliveries.abandon();
    this.#works.telemetry.close();
    await disk?.close();
  }

  /**
   * Gives what waits in memory to the queue of an exporter that replaces this one; what is under
   * way follows when it fails. Sealed batches stay: they are as their backend made them.
   */
  handOver(heir: Heir<S>): void {
    const { sealer, disk, outcome, pauses } = this.#parts;
    if (sealer !== undefined || disk !== undefined || this.#works.stopping) return;
    this.#settling.handOver(heir);
    this.#works.admission.close();
    this.#works.pacing?.stop();
    outcome.handOver();
    pauses.stop();
    this.#deliveries.loseWaiting(new ShutDown());
  }

  /** Takes a batch of a queue that this one replaces, full or not; resolves as `consume`. */
  adopt(batch: Batch<S>, ctx: Context): Promise<void> {
    return this.#intake.adopt(batch, ctx);
  }
}
