/** Comparing what components have at their defaults. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const defaultsFolder = join(import.meta.dirname, '../defaults');

/** `section/type` of each component of minimal.yaml with its configuration. */
export function minimalConfigs(): Map<string, unknown> {
  const text = readFileSync(join(defaultsFolder, 'minimal.yaml'), 'utf8');
  const sections = Object.entries(parse(text) as Record<string, Record<string, unknown>>);
  return new Map(
    sections.flatMap(([section, components]) =>
      Object.entries(components).map(([type, config]) => [`${section}/${type}`, config] as const),
    ),
  );
}

/** The sources of a configuration that holds one component, which nothing uses. */
export function sourcesFor(name: string, config: unknown): string[] {
  const [section = '', type = ''] = name.split('/');
  const base = {
    receivers: { otlp: { protocols: { grpc: null } } },
    exporters: { nop: null },
    service: { pipelines: { traces: { receivers: ['otlp'], exporters: ['nop'] } } },
  };
  const own = { [section]: { [`${type}/x`]: config } };
  return [`yaml:${JSON.stringify(base)}`, `yaml:${JSON.stringify(own)}`];
}

/** The component's part of a printed configuration. */
export function partOf(name: string, printed: string): unknown {
  const [section = '', type = ''] = name.split('/');
  const config = JSON.parse(printed) as Record<string, Record<string, unknown>>;
  return config[section]?.[`${type}/x`];
}

/** What says nothing: absent, null, 0, '', false, and lists and maps of such. */
function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === 0 || value === '') return true;
  if (value === false) return true;
  return typeof value === 'object' && Object.values(value).every(saysNothing);
}

/** Keys that have other values, as `key: theirs THEIRS, ours OURS`. */
export function differences(theirs: unknown, ours: unknown, path = ''): string[] {
  if (saysNothing(theirs) && saysNothing(ours)) return [];
  if (isMap(theirs) && isMap(ours)) {
    const keys = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].sort();
    return keys.flatMap((key) =>
      differences(theirs[key], ours[key], path === '' ? key : `${path}::${key}`),
    );
  }
  const [a, b] = [JSON.stringify(theirs) ?? 'absent', JSON.stringify(ours) ?? 'absent'];
  return a === b ? [] : [`${path}: theirs ${a}, ours ${b}`];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
