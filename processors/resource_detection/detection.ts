import type { Clock, Logger, Random } from '../../component/settings.ts';
import type { AttributeValue } from '../../pdata/values.ts';
import type { Blocks } from './blocks.ts';
import { detectorOf } from './detectors.ts';
import { type Found, nothing } from './found.ts';
import { openWorld, type Sources, type World } from './world.ts';

/** What a detection needs. */
export interface Plan {
  readonly detectors: readonly string[];
  readonly blocks: Blocks;
  /** Time for all of it, in ms. */
  readonly timeoutMs: number;
}

/** What a detection is made with. */
export interface Tools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly sources: Sources;
}

/** Waits `ms`, or until `end`. @returns whether `end` came first */
async function pause(clock: Clock, ms: number, end: number): Promise<boolean> {
  const left = end - clock.monotonicMs();
  await new Promise<void>((resolve) => {
    clock.after(Math.max(0, Math.min(ms, left)), resolve);
  });
  return ms >= left;
}

/** Runs a detector until it does not fail or time is over. */
async function attempts(
  name: string,
  plan: Plan,
  tools: Tools,
  world: World,
  end: number,
): Promise<Found | Error> {
  const detect = detectorOf(name);
  const { clock, random, logger } = tools;
  for (let wait = 1000; ; wait *= 2) {
    try {
      return await detect(world, plan.blocks);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      logger.warn('failed to detect resource', { detector: name, error: error.message });
      if (await pause(clock, wait * (0.5 + random.float()), end)) return error;
    }
  }
}

/** Outcome of a detection. */
export interface Outcome {
  /** What the detectors that did not fail found; of each attribute the first. */
  readonly found: Found;
  /** What went wrong with the others. */
  readonly error: Error | undefined;
}

/** Runs all detectors at once; those that fail are run again while there is time. */
export async function detect(plan: Plan, tools: Tools): Promise<Outcome> {
  const { clock, logger } = tools;
  if (plan.detectors.length === 0) {
    const error = new Error('resource detection failed: no detectors succeeded');
    return { found: nothing, error };
  }
  const end = clock.monotonicMs() + plan.timeoutMs;
  const world = openWorld(tools.sources, clock, logger, plan.timeoutMs);
  const outcomes = await Promise.all(
    plan.detectors.map((name) => attempts(name, plan, tools, world, end)),
  );
  const attributes = new Map<string, AttributeValue>();
  const errors: string[] = [];
  let schemaUrl = '';
  for (const outcome of outcomes) {
    if (outcome instanceof Error) {
      errors.push(outcome.message);
      continue;
    }
    schemaUrl ||= outcome.schemaUrl;
    for (const [name, value] of outcome.attributes) {
      if (!attributes.has(name)) attributes.set(name, value);
    }
  }
  logger.info('detected resource information', { resource: Object.fromEntries(attributes) });
  const error = errors.length === 0 ? undefined : new Error(errors.join('\n'));
  return { found: { attributes, schemaUrl }, error };
}
