import type { Logger } from '../../component/settings.ts';
import type { ItemOutput } from '../../pdata/pick.ts';
import type { MessageView } from '../../pdata/readers.ts';
import type { Config } from './config.ts';
import { logCarrier } from './log-carrier.ts';
import { type Found, missingRandomness, modeOf } from './mode.ts';
import { logPriority, type Priority, spanPriority } from './priority.ts';
import { spanCarrier } from './span-carrier.ts';
import { alwaysSample, fullRandomness, neverSample, shouldSample } from './threshold.ts';

/** Decides about one item after the other. */
export interface ItemSampler {
  readonly decide: (item: MessageView, out: ItemOutput) => void;
  /** Tells how many items were decided since the last call, and forgets that. */
  flush(tell: (policy: string, sampled: boolean, items: number) => void): void;
}

const inconsistent = 'inconsistent arriving threshold: item should not have been sampled';

/** Counts by policy: [not sampled, sampled]. */
class Counts {
  readonly #counts = new Map<string, Float64Array>();

  add(policy: string, sampled: boolean): void {
    let counts = this.#counts.get(policy);
    if (counts === undefined) {
      counts = new Float64Array(2);
      this.#counts.set(policy, counts);
    }
    counts[sampled ? 1 : 0]! += 1;
  }

  flush(tell: (policy: string, sampled: boolean, items: number) => void): void {
    for (const [policy, counts] of this.#counts) {
      for (const sampled of [0, 1]) {
        if (counts[sampled]! > 0) tell(policy, sampled === 1, counts[sampled]!);
        counts[sampled] = 0;
      }
    }
  }
}

/** The sampler of a configuration. */
export function itemSampler(
  signal: 'traces' | 'logs',
  config: Config,
  logger: Logger,
): ItemSampler {
  const carrier = signal === 'traces' ? spanCarrier() : logCarrier();
  const mode = modeOf(config, signal);
  const priority: Priority =
    signal === 'traces'
      ? spanPriority
      : logPriority(config.sampling_priority, config.sampling_precision);
  const failed = config.fail_closed ? neverSample : alwaysSample;
  const counts = new Counts();
  const found: Found = { randomness: undefined, policy: '', usable: false, fault: '' };

  /** What contradicts itself in the item, '' = nothing. */
  function contradiction(): string {
    if (found.randomness === undefined) return missingRandomness;
    if (!found.usable || carrier.threshold === undefined) return '';
    if (shouldSample(carrier.threshold, found.randomness)) return '';
    carrier.clearThreshold();
    return inconsistent;
  }

  function decide(item: MessageView, out: ItemOutput): void {
    mode.find(item, carrier, carrier.read(item), found);
    if (found.fault === '') found.fault = contradiction();
    if (found.fault !== '') logger.debug(`${signal} sampler`, { error: found.fault });
    let threshold = found.fault === '' ? mode.decide(carrier) : failed;
    const asked = priority(item);
    if (asked !== undefined) {
      threshold = asked;
      found.policy = 'sampling_priority';
    }
    const sampled = shouldSample(threshold, found.randomness ?? fullRandomness);
    counts.add(found.policy, sampled);
    if (!sampled) return;
    if (!found.usable) {
      out.keep();
      return;
    }
    carrier.raiseThreshold(threshold);
    carrier.keep(item, out);
  }

  return { decide, flush: (tell) => counts.flush(tell) };
}
