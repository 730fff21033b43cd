import type { DiscoveryConfig } from '../config/discovery.ts';
import type { Discoverer } from './discoverer.ts';
import { groupOf } from './groups.ts';

/** Targets that the configuration lists. */
export function staticDiscoverer(groups: DiscoveryConfig['static_configs']): Discoverer {
  return {
    start: (found) => found(groups.map((group, i) => groupOf(group, String(i)))),
    close: async () => {},
  };
}
