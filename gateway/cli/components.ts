import type { Kind } from '../../component/factory.ts';
import type { BuildInfo } from '../../component/settings.ts';
import { type RegistryEntry, registry } from '../components.ts';
import { sectionOf } from '../config/sections.ts';

/** Every component with its stability, as YAML. */
export async function listComponents(
  build: BuildInfo,
  entries: readonly RegistryEntry[] = registry,
): Promise<string> {
  const { stringify } = await import('yaml');
  const out: Record<string, unknown> = {
    buildinfo: {
      command: build.command,
      description: 'OpenTelemetry-Collector-compatible gateway',
      version: build.version,
    },
  };
  for (const kind of Object.keys(sectionOf) as Kind[]) {
    const own = entries.filter((entry) => entry.kind === kind);
    const factories = await Promise.all(own.map((entry) => entry.load()));
    out[sectionOf[kind]] = factories
      .map(({ factory }) => ({
        name: factory.type,
        ...(factory.aliases === undefined ? {} : { aliases: factory.aliases }),
        description: factory.description,
        ...(kind === 'extension' ? {} : { stability: factory.stability }),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  out.providers = ['env', 'file', 'yaml'].map((scheme) => ({ scheme }));
  return stringify(out);
}
