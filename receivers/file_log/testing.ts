import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Consumer } from '../../component/consumer.ts';
import type { Extension, KeyValueStore } from '../../component/extension.ts';
import { toJson } from '../../pdata/json.ts';
import { type FakeClock, fakeClock } from '../../testing/clock.ts';
import { type TestSettings, testGates, testSettings } from '../../testing/settings.ts';
import { config } from './config.ts';
import { FileLogReceiver } from './receiver.ts';

/** What is done to files: an operation and its arguments. */
export type Step = readonly string[];

/** Does one step in a directory. */
export function doStep(directory: string, [operation, first, second = '']: Step): void {
  const at = (name: string) => join(directory, name);
  const path = at(first!);
  mkdirSync(dirname(path), { recursive: true });
  const steps: Readonly<Record<string, () => void>> = {
    write: () => writeFileSync(path, second),
    append: () => appendFileSync(path, second),
    truncate: () => writeFileSync(path, second),
    hex: () => writeFileSync(path, Buffer.from(second, 'hex')),
    appendhex: () => appendFileSync(path, Buffer.from(second, 'hex')),
    rename: () => renameSync(path, at(second)),
    copy: () => copyFileSync(path, at(second)),
    remove: () => rmSync(path),
    gzip: () => writeFileSync(path, gzipSync(second)),
    appendgz: () => appendFileSync(path, gzipSync(second)),
    compress: () => {
      writeFileSync(at(second), gzipSync(readFileSync(path)));
      rmSync(path);
    },
    symlink: () => symlinkSync(path, at(second)),
  };
  steps[operation!]!();
}

/** A storage extension that keeps values in a map. */
export function mapStorage(values: Map<string, Uint8Array>): Extension {
  const keyValue = async (owner: string): Promise<KeyValueStore> => ({
    get: async (key) => values.get(`${owner}/${key}`),
    set: async (key, value) => void values.set(`${owner}/${key}`, Buffer.from(value)),
    delete: async (key) => void values.delete(`${owner}/${key}`),
    close: async () => {},
  });
  const log = () => Promise.reject(new Error('BUG: no log'));
  return {
    capabilities: { storage: { keyValue, log } },
    start: async () => {},
    shutdown: async () => {},
  };
}

/** A receiver whose time stands still until `look` is called. */
export interface TestReceiver {
  readonly receiver: FileLogReceiver;
  readonly settings: TestSettings;
  readonly clock: FakeClock;
  /** Lets the receiver look at its files so many times. */
  look(times?: number): Promise<void>;
}

/**
 * A receiver with the given keys, on a clock that a test moves. @param gates feature gates that
 * are on
 */
export function testReceiver(
  given: Readonly<Record<string, unknown>>,
  next: Consumer<'logs'>,
  extensions: ReadonlyMap<string, Extension> = new Map(),
  gates: readonly string[] = [],
): TestReceiver {
  const clock = fakeClock(Date.UTC(2026, 10, 22, 10));
  const settings = testSettings({
    ...{ id: 'file_log', clock, extensions },
    gates: testGates(...gates),
  });
  const receiver = new FileLogReceiver(settings, config.parse(given), next);
  const interval = 200;
  return {
    receiver,
    settings,
    clock,
    async look(times = 1) {
      for (let i = 0; i < times; i += 1) {
        await clock.advance(interval);
        await receiver.idle();
      }
    },
  };
}

/** A log record, short. */
export interface Short {
  readonly body: unknown;
  readonly attributes: Record<string, unknown>;
  resource?: Record<string, unknown>;
  time?: string;
}

interface JsonAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface JsonLogs {
  readonly resourceLogs?: readonly {
    readonly resource?: { readonly attributes?: readonly JsonAttribute[] };
    readonly scopeLogs?: readonly {
      readonly logRecords?: readonly {
        readonly body?: unknown;
        readonly attributes?: readonly JsonAttribute[];
        readonly timeUnixNano?: string;
      }[];
    }[];
  }[];
}

function flat(attributes: readonly JsonAttribute[] = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, Object.values(value)[0] ?? null]),
  );
}

/** The records of batches. */
export function shortRecords(batches: readonly Parameters<typeof toJson>[0][]): Short[] {
  const out: Short[] = [];
  for (const batch of batches) {
    for (const group of (JSON.parse(toJson(batch)) as JsonLogs).resourceLogs ?? []) {
      const resource = flat(group.resource?.attributes);
      for (const record of (group.scopeLogs ?? []).flatMap((scope) => scope.logRecords ?? [])) {
        const short: Short = { body: record.body ?? null, attributes: flat(record.attributes) };
        if (Object.keys(resource).length > 0) short.resource = resource;
        if (record.timeUnixNano !== undefined && record.timeUnixNano !== '0') {
          short.time = record.timeUnixNano;
        }
        out.push(short);
      }
    }
  }
  return out;
}
