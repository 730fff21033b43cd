import { captureSource } from '../../stitch/attributes.ts';
import type { StitchedOptions } from './reader.ts';

const maxAgeMs = 30_000;
const maxServices = 100_000;

/** Which services have captured spans: none, where nothing is captured. */
export class CapturedServices {
  readonly #options: StitchedOptions;
  #names: ReadonlySet<string> = new Set();
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: StitchedOptions) {
    this.#options = options;
  }

  /** At most half a minute old. */
  async names(): Promise<ReadonlySet<string>> {
    const { keys, now, onFailure } = this.#options;
    if (now() - this.#readAt < maxAgeMs) return this.#names;
    this.#readAt = now();
    try {
      this.#names = await keys.servicesWith(captureSource, maxServices);
    } catch (error) {
      onFailure(error);
    }
    return this.#names;
  }
}
