import type { Kind } from '../../component/factory.ts';
import { expand } from '../../config/confmap/expand.ts';
import { defaultProviders } from '../../config/confmap/index.ts';
import { splitKeys } from '../../config/confmap/merge.ts';
import { parseYaml } from '../../config/confmap/parse.ts';
import { decode } from '../../config/schema/decode.ts';
import { parseId } from '../../config/schema/id.ts';
import { formatIssue } from '../../config/schema/issue.ts';
import type { MapNode } from '../../config/schema/node.ts';
import { findComponent, type RegistryEntry } from '../../gateway/components.ts';
import { sectionOf } from '../../gateway/config/sections.ts';
import { serviceSchema } from '../../gateway/config/service.ts';

/** The YAML blocks of a README that are configurations: those with a section of components. */
export function examplesOf(readme: string): string[] {
  const blocks = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1]!);
  const sections = [...Object.values(sectionOf), 'service'].join('|');
  return blocks.filter((text) => new RegExp(`^(${sections})\\s*:`, 'm').test(text));
}

/** What is wrong with an example, as the program would say it; environment variables are unset. */
export async function exampleFaults(
  text: string,
  name: string,
  entries: readonly RegistryEntry[],
): Promise<string[]> {
  const providers = new Map(defaultProviders({}));
  providers.set('env', async (opaque) => {
    const [, fallback] = opaque.split(':-', 2);
    return { text: fallback ?? 'https://example.com:1', name: opaque };
  });
  const parsed = splitKeys(parseYaml(text, name));
  const root = await expand(parsed, { providers, note: () => {} });
  if (root.kind !== 'map') return [`${name}: not a map`];
  const faults: string[] = [];
  for (const [section, { value }] of root.entries) {
    const kind = (Object.keys(sectionOf) as Kind[]).find((k) => sectionOf[k] === section);
    if (kind !== undefined && value.kind === 'map') {
      faults.push(...(await sectionFaults(kind, value, entries)));
    } else if (section === 'service') {
      const decoded = decode(value, serviceSchema, ['service']);
      if (!decoded.ok) faults.push(...decoded.issues.map(formatIssue));
    } else {
      faults.push(`${name}: unexpected section ${section}`);
    }
  }
  return faults;
}

async function sectionFaults(
  kind: Kind,
  section: MapNode,
  entries: readonly RegistryEntry[],
): Promise<string[]> {
  const faults: string[] = [];
  for (const [key, { value }] of section.entries) {
    const { type } = parseId(key);
    const known = findComponent(kind, type, entries);
    if (known === undefined) {
      faults.push(`there is no ${kind} ${JSON.stringify(type)}`);
      continue;
    }
    const { factory } = await known.load();
    const decoded = decode(value, factory.config, [sectionOf[kind], key]);
    if (!decoded.ok) faults.push(...decoded.issues.map(formatIssue));
  }
  return faults;
}
