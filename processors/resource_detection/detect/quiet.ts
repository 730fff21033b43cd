import { type Found, nothing } from '../found.ts';
import type { World } from '../world.ts';

/**
 * Asks a metadata service; where there is none, nothing is found.
 * @param needed whether it is an error then
 */
export async function quietly<T>(
  world: World,
  what: string,
  ask: () => Promise<T>,
  found: (metadata: T) => Found | Promise<Found>,
  needed = false,
): Promise<Found> {
  let metadata: T;
  try {
    metadata = await ask();
  } catch (error) {
    world.log.debug(`${what} metadata unavailable`, { error: (error as Error).message });
    if (needed) throw error;
    return nothing;
  }
  return found(metadata);
}
