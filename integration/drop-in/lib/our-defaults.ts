import { printConfig } from '../../../gateway/cli/print-config.ts';
import { registry } from '../../../gateway/components.ts';
import { FeatureGates } from '../../../gateway/config/gates.ts';
import { partOf, sourcesFor } from './defaults.ts';

/** What this program has of a component with the configuration of minimal.yaml. */
export async function ourDefaults(name: string, config: unknown): Promise<unknown> {
  const sources = { uris: sourcesFor(name, config), gates: new FeatureGates() };
  const options = { format: 'json', mode: 'unredacted', validate: false };
  return partOf(name, await printConfig(sources, options, registry, {}));
}
