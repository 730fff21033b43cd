import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A configuration that is printed, beside `base.yaml`. */
export interface PrintCase {
  /** Values of `--config` after base.yaml. */
  readonly uris: readonly string[];
  /** Values of `--set`. */
  readonly sets?: readonly string[];
  /** Value of `--feature-gates`. */
  readonly gates?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files of the working directory by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What came of it: the parts that are compared, or the error. */
export interface Printed {
  readonly parts?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

export const printData = join(import.meta.dirname, '../testdata/print-config');
export const baseFile = join(printData, 'base.yaml');

/** Reads `cases.json` or `recorded.json`. */
export function readTable<T>(name: string): Readonly<Record<string, T>> {
  return JSON.parse(readFileSync(join(printData, name), 'utf8')) as Record<string, T>;
}

/** Puts the files of a case into a folder, which is emptied first. */
export function writeFiles(folder: string, files: PrintCase['files'] = {}): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const compared = [
  'exporters.debug.sampling_initial',
  'exporters.debug.use_internal_logger',
  'exporters.otlp_grpc.headers',
  'service.pipelines',
  'service.telemetry.logs.encoding',
  'service.telemetry.logs.initial_fields',
  'service.telemetry.logs.output_paths',
  'service.telemetry.logs.sampling',
];

/** The parts of a printed configuration that are compared, in one form for both programs. */
export function partsOf(config: unknown): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const path of compared) {
    let here = config;
    for (const key of path.split('.')) here = (here as Record<string, unknown> | undefined)?.[key];
    const value = canonical(here);
    if (value !== undefined && !isEmpty(value)) out[path] = value;
  }
  for (const section of ['exporters', 'processors']) {
    out[section] = Object.keys((config as Record<string, object>)[section] ?? {}).sort();
  }
  return out;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && (value === null || Object.keys(value).length === 0);
}

/** Sorts keys; undoes what the printer of the collector shows of its inside. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return asMap(value.map(canonical));
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return instant(value);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value).sort();
  const get = (key: string) => canonical((value as Record<string, unknown>)[key]);
  if (keys.join() === 'original,value') return get('value');
  const kept = keys.filter((key) => key !== 'processors' || !isEmpty(get(key)));
  return Object.fromEntries(kept.map((key) => [key, get(key)]));
}

/** A time in UTC. */
function instant(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
}

/** A list of {name, value} as a map. */
function asMap(list: readonly unknown[]): unknown {
  const pairs = list as readonly { name?: unknown; value?: unknown }[];
  const isPairs = pairs.length > 0 && pairs.every((item) => typeof item?.name === 'string');
  if (!isPairs) return list;
  return Object.fromEntries(pairs.map((item) => [item.name, item.value]));
}
