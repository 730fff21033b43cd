import { loadOtlpEditAddon, type OtlpEditAddon } from '../../native/otlp.ts';
import type { Batch } from '../batch.ts';
import { OtlpBatch, otlpBatch } from '../otlp-batch.ts';
import { Writer } from '../proto/writer.ts';
import type { Signal } from '../signal.ts';
import { encodeValue } from '../values.ts';
import type { ActionConfig } from './actions.ts';

/** Applies actions to a whole batch at once. @returns undefined: the overlay has to do it */
export type Program = <S extends Signal>(batch: Batch<S>) => Batch<S> | undefined;

const operations = { insert: 0, update: 1, upsert: 2, delete: 3 } as const;
const signalNumbers: Readonly<Record<Signal, number>> = {
  traces: 0,
  metrics: 1,
  logs: 2,
  profiles: 3,
};
const utf8 = new TextEncoder();
const maxKeys = 32;
const maxSteps = 1024;

/** What the addon reads; see `edit` of native/otlp.ts. */
interface Compiled {
  readonly keys: Int32Array;
  readonly steps: Int32Array;
  readonly blob: Uint8Array;
}

/** Actions that depend on nothing but the presence of their key. */
function isPlain(config: ActionConfig): boolean {
  if (!config.key || config.pattern) return false;
  if (config.action === 'delete') return true;
  return config.action in operations && config.value !== undefined;
}

/** Writes the body of a KeyValue with its length. */
function writeAttribute(w: Writer, key: string, value: Uint8Array): void {
  const body = new Writer(key.length + value.length + 16);
  body.bytesField(1, utf8.encode(key));
  body.bytesField(2, value);
  w.varint(body.length);
  w.copy(body.bytes, 0, body.length);
}

function compile(configs: readonly ActionConfig[]): Compiled | undefined {
  const names = [...new Set(configs.map((config) => config.key ?? ''))];
  if (names.length > maxKeys || configs.length > maxSteps || !configs.every(isPlain)) {
    return undefined;
  }
  const w = new Writer(256);
  const keys: number[] = [];
  const steps: number[] = [];
  for (const name of names) {
    const start = w.length;
    w.raw(utf8.encode(name));
    keys.push(start, w.length);
  }
  for (const { action, key = '', value } of configs) {
    const start = w.length;
    if (action !== 'delete' && value !== undefined) writeAttribute(w, key, encodeValue(value));
    const operation = operations[action as keyof typeof operations];
    steps.push(operation, names.indexOf(key), start, w.length);
  }
  return { keys: Int32Array.from(keys), steps: Int32Array.from(steps), blob: w.take() };
}

function run<S extends Signal>(
  addon: OtlpEditAddon,
  { keys, steps, blob }: Compiled,
  resources: boolean,
  batch: Batch<S>,
): Batch<S> | undefined {
  const ranges = batch.ranges();
  const signal = signalNumbers[batch.signal];
  const edited: Uint8Array[] = [];
  let changed = false;
  for (const range of ranges) {
    const size = addon.edit(range, signal, resources, keys, steps, blob);
    if (size === -1) return undefined;
    if (size === -2) {
      edited.push(range);
      continue;
    }
    const target = Buffer.allocUnsafeSlow(size);
    addon.take(target);
    edited.push(target);
    changed = true;
  }
  return changed ? new OtlpBatch(batch.signal, edited, otlpBatch(batch).counts) : batch;
}

/**
 * The actions as one pass over the bytes, in native code, with the bytes that the overlay would
 * write.
 * @param target whether attributes of resources or of items are meant
 * @returns undefined for actions that need more than keys and fixed values, and where the native
 *   code is not built or switched off
 */
export function compileProgram(
  configs: readonly ActionConfig[],
  target: 'items' | 'resources',
  addon: OtlpEditAddon | undefined = loadOtlpEditAddon(),
): Program | undefined {
  if (addon === undefined) return undefined;
  const compiled = compile(configs);
  if (compiled === undefined) return undefined;
  return (batch) => run(addon, compiled, target === 'resources', batch);
}
