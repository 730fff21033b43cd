import type { Factory, Kind } from '../../component/factory.ts';
import type { BuildInfo } from '../../component/settings.ts';
import { signals } from '../../component/signals.ts';
import { type RegistryEntry, registry } from '../components.ts';
import { sectionOf } from '../config/sections.ts';

const shown = signals.filter((signal) => signal !== 'profiles');
const schemes = ['env', 'file', 'http', 'https', 'yaml'];

/** Every component with its stability, as YAML in the shape that the Go collector prints. */
export async function listComponents(
  build: BuildInfo,
  entries: readonly RegistryEntry[] = registry,
): Promise<string> {
  const { stringify } = await import('yaml');
  const moduleOf = (path: string) => `${build.command}/${path} v${build.version}`;
  const out: Record<string, unknown> = {
    buildinfo: {
      command: build.command,
      description: 'OpenTelemetry-Collector-compatible gateway',
      version: build.version,
    },
  };
  const kinds: readonly Kind[] = ['receiver', 'processor', 'exporter', 'connector', 'extension'];
  for (const kind of kinds) {
    const own = entries.filter((entry) => entry.kind === kind);
    const factories = await Promise.all(own.map((entry) => entry.load()));
    out[sectionOf[kind]] = factories
      .map(({ factory }) => ({
        name: factory.type,
        module: moduleOf(`${sectionOf[kind]}/${factory.type}`),
        stability: stabilityOf(factory),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  out.providers = schemes.map((scheme) => ({ scheme, module: moduleOf('config/confmap') }));
  return stringify(out, { indent: 4, lineWidth: 0 });
}

function stabilityOf(factory: Factory<unknown>): Record<string, string> {
  const levels = factory.stability;
  if (factory.kind === 'extension') return { extension: word(Object.values(levels)[0] ?? 'beta') };
  if (factory.kind !== 'connector') {
    return Object.fromEntries(shown.toSorted().map((signal) => [signal, word(levels[signal])]));
  }
  const pairs = shown
    .toSorted()
    .flatMap((from) => shown.toSorted().map((to) => [from, to] as const));
  return Object.fromEntries(
    pairs.map(([from, to]) => {
      const has = factory.pairs.some(([taken, given]) => taken === from && given === to);
      return [`${from}-to-${to}`, word(has ? levels[from] : undefined)];
    }),
  );
}

function word(level: string | undefined): string {
  return level === undefined ? 'Undefined' : level.charAt(0).toUpperCase() + level.slice(1);
}
