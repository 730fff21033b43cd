import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import { Receipts } from '../../component/receipts.ts';
import type { Settings } from '../../component/settings.ts';
import type { Metrics } from '../../pdata/batch.ts';
import { ExpandsTooMuch } from '../../wire/prometheus/otlp/point-writer.ts';
import type { Converted } from '../../wire/prometheus/otlp/to-otlp.ts';
import { plainForm } from '../../wire/prometheus/remote-write/plain.ts';
import { MalformedMessage } from '../../wire/prometheus/remote-write/protobuf.ts';
import type { Version } from '../../wire/prometheus/remote-write/read.ts';
import type { ReadRequest } from '../../wire/prometheus/remote-write/request.ts';
import { Source } from './source.ts';

/** What the sender is told. */
export interface Outcome {
  readonly status: 204 | 400 | 413 | 500 | 503;
  /** '' for 204. */
  readonly text: string;
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
  readonly retryAfterMs?: number | undefined;
}

/** OTLP repeats labels for each sample: bytes that a request may grow to. */
const growth = { least: 4 << 20, factor: 32 } as const;

/** When a sender that is refused for want of memory should come again. */
const memoryRetryMs = 1000;

const nothing = { samples: 0, histograms: 0, exemplars: 0 } as const;

/** Takes decompressed request bodies and hands batches on. */
export class Ingest {
  readonly #settings: Settings;
  readonly #next: Consumer<'metrics'>;
  readonly #receipts: Receipts;
  readonly #source: Source;

  constructor(settings: Settings, next: Consumer<'metrics'>) {
    this.#settings = settings;
    this.#next = next;
    this.#receipts = new Receipts(settings, 'metrics', 'http');
    this.#source = new Source(settings.random);
  }

  /** Whether {@link takePacked} is worth asking. */
  get takesPacked(): boolean {
    return this.#next.takes?.has(plainForm) === true;
  }

  /**
   * Takes a body as it was sent where that can be handed on as it is.
   * @param block a snappy block
   * @param most bytes of it unpacked
   * @param release as in {@link take}
   * @param done as in {@link take}
   * @returns whether it was taken; else nothing is called, and it is to be unpacked
   */
  takePacked(
    block: Buffer,
    version: Version,
    most: number,
    ctx: Context,
    release: () => void,
    done: (outcome: Outcome) => void,
  ): boolean {
    const plain = this.#source.read(block, version, most);
    if (plain === undefined) return false;
    const taken = { samples: plain.itemCount, histograms: 0, exemplars: 0 };
    const outcome: Outcome = { status: 204, text: '', ...taken };
    const answer = (given: Outcome): void => {
      release();
      done(given);
    };
    if (plain.itemCount === 0) answer(outcome);
    else this.#handOn(plain, ctx, outcome, answer);
    return true;
  }

  /**
   * @param release called once, when the body is not needed any more
   * @param done called once, with what the sender is told
   */
  take(
    body: Buffer,
    version: Version,
    ctx: Context,
    release: () => void,
    done: (outcome: Outcome) => void,
  ): void {
    const asSent = this.takesPacked;
    let read: ReadRequest;
    let converted: Converted;
    try {
      read = this.#source.readAny(body, version);
      const limit = growth.least + growth.factor * body.length;
      converted = this.#source.toOtlp(read.request, version, limit, { asSent });
    } catch (error) {
      done(refusal(error));
      return;
    } finally {
      release();
    }
    if (read.refused > 0) this.#noteRefused(read);
    const { batch } = converted;
    if (batch === undefined) done(outcomeOf(read, converted));
    else this.#handOn(batch, ctx, outcomeOf(read, converted), done);
  }

  #noteRefused({ faults, refused }: ReadRequest): void {
    this.#settings.logger.warn('part of a remote write request was refused', {
      parts: refused,
      faults: faults.join('; '),
    });
  }

  #handOn(batch: Metrics, ctx: Context, outcome: Outcome, done: (outcome: Outcome) => void): void {
    const { budget } = this.#settings;
    const items = batch.itemCount;
    const reserved = batch.backingBytes;
    if (!budget.tryReserve(reserved)) {
      this.#receipts.refused(items);
      const text = 'no memory for the request now, try again later\n';
      done({ status: 503, text, ...nothing, retryAfterMs: memoryRetryMs });
      return;
    }
    const given = this.#next.mutates ? batch.editable() : batch;
    this.#next.consume(given, ctx).then(
      () => {
        budget.release(reserved);
        this.#receipts.accepted(items);
        done(outcome);
      },
      (thrown: unknown) => {
        budget.release(reserved);
        const error = PipelineError.from(thrown);
        this.#receipts.refused(items);
        const { message, retryAfterMs } = error;
        const status = error.retryable ? 503 : 400;
        done({ status, text: `${message}\n`, ...nothing, retryAfterMs });
      },
    );
  }
}

/** The answer to a request of which all, or the good part, was taken. */
function outcomeOf({ faults, refused }: ReadRequest, converted: Converted): Outcome {
  const { samples, histograms, exemplars } = converted;
  if (faults.length === 0) return { status: 204, text: '', samples, histograms, exemplars };
  const note = `${refused} parts of the request were refused, the rest was written:`;
  const more = refused > faults.length ? ['...'] : [];
  const text = `${[note, ...faults, ...more].join('\n')}\n`;
  return { status: 400, text, samples, histograms, exemplars };
}

function refusal(error: unknown): Outcome {
  if (error instanceof MalformedMessage) {
    return { status: 400, text: `cannot read the request: ${error.message}\n`, ...nothing };
  }
  if (error instanceof ExpandsTooMuch) {
    return { status: 413, text: `${error.message}\n`, ...nothing };
  }
  return { status: 500, text: `BUG: ${String(error)}\n`, ...nothing };
}
