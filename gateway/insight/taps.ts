import {
  type EdgeInfo,
  InsightError,
  type TapOptions,
  type TapSample,
} from '../../component/insight.ts';
import type { Clock, Logger } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { type EdgeTap, fanoutNode, type Ledger } from '../../pipeline/ledger.ts';
import { cutMasked, maskAddresses } from './mask.ts';
import { sampleOf } from './sample.ts';

/** Taps that may be there at once. */
const maxTaps = 8;
/** What is shown of a refusal, characters. */
const maxText = 2000;

/** What taps work with. */
export interface TapParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Receive = (sample: TapSample) => boolean;

/** Who looks at what passes the edges of the graph. */
export class Taps {
  readonly #parts: TapParts;
  #open = 0;

  constructor(parts: TapParts) {
    this.#parts = parts;
  }

  /** See {@link Insight.tap}. */
  open({ from, to }: EdgeInfo, options: TapOptions, receive: Receive): () => void {
    if (this.#open >= maxTaps) {
      const message = `cannot look at one more place: ${maxTaps} are looked at already`;
      throw new InsightError('busy', message);
    }
    const { ledger } = this.#parts;
    // With another configuration there may be a fan-out between both, or none any more.
    const sources = [from, fanoutNode(from)];
    if (!sources.some((source) => ledger.hasEdge(source, to))) {
      const edge = `${JSON.stringify(from)} to ${JSON.stringify(to)}`;
      throw new InsightError('not_found', `nothing goes from ${edge}`);
    }
    const tap = new Tap(this.#parts, options, receive);
    const ends = sources.map((source) => ledger.tap(source, to, tap.look));
    this.#open++;
    let stopped = false;
    return () => {
      if (stopped) return;
      stopped = true;
      this.#open--;
      for (const end of ends) end();
    };
  }
}

class Tap {
  readonly #parts: TapParts;
  readonly #options: TapOptions;
  readonly #receive: Receive;
  /** Batches that may be shown now. */
  #tokens = 1;
  #filledMs: number;
  #passedBatches = 0;
  #passedItems = 0;
  #missed = 0;

  constructor(parts: TapParts, options: TapOptions, receive: Receive) {
    this.#parts = parts;
    this.#options = options;
    this.#receive = receive;
    this.#filledMs = parts.clock.monotonicMs();
  }

  readonly look: EdgeTap = (batch) => {
    if (!this.#mayShow()) {
      this.#passedBatches++;
      this.#passedItems += batch.itemCount;
      return undefined;
    }
    return this.#show(batch);
  };

  #mayShow(): boolean {
    const now = this.#parts.clock.monotonicMs();
    const { batchesPerSecond } = this.#options;
    const filled = this.#tokens + ((now - this.#filledMs) / 1000) * batchesPerSecond;
    this.#filledMs = now;
    this.#tokens = Math.min(Math.max(1, batchesPerSecond), filled);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #show(batch: Batch<Signal>): ((error?: unknown) => void) | undefined {
    const shown = this.#unharmed(() => sampleOf(batch, this.#options));
    if (shown === undefined) return undefined;
    const unixMs = this.#parts.clock.unixMs();
    return (error) => {
      const message = error instanceof Error ? error.message : String(error);
      const refused =
        error === undefined ? undefined : cutMasked(message, maxText, maskAddresses).shown;
      this.#unharmed(() => this.#send({ ...shown, unixMs, refused }));
    };
  }

  /** Whoever looks must not harm what is looked at. */
  #unharmed<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.#parts.logger.error('BUG: cannot show a batch', { error });
      return undefined;
    }
  }

  #send(sample: Omit<TapSample, 'passedBatches' | 'passedItems' | 'missed'>): void {
    const passed = { passedBatches: this.#passedBatches, passedItems: this.#passedItems };
    if (!this.#receive({ ...sample, ...passed, missed: this.#missed })) {
      this.#missed++;
      return;
    }
    this.#passedBatches = 0;
    this.#passedItems = 0;
    this.#missed = 0;
  }
}
