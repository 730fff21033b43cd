/** Exporters with a queue on disk, the disk being memory. */
import { z } from 'zod';
import { background } from '../component/consumer.ts';
import type { Traces } from '../pdata/batch.ts';
import type { Attempt } from '../pipeline/backend.ts';
import { deliveryKeys } from '../pipeline/config.ts';
import { createExporter } from '../pipeline/exporter.ts';
import type { MemoryStorage } from './record-log.ts';
import { storageExtension, testSettings } from './settings.ts';
import { numberedSpans, range, spanNumbers } from './spans.ts';

export const schema = z.strictObject(deliveryKeys());
/** Whose log it is. */
export const owner = 'exporter_test_traces';

/** Settings of an exporter with this storage. */
export function settingsOver(storage: MemoryStorage, budgetBytes?: number) {
  const extensions = new Map([['file_storage', storageExtension(storage)]]);
  return testSettings({ extensions, ...(budgetBytes === undefined ? {} : { budgetBytes }) });
}

/** Configuration of an exporter with a queue on disk. */
export const config = (queue: object, more: object = {}) =>
  schema.parse({ sending_queue: { storage: 'file_storage', ...queue }, ...more });

/** A started exporter over a backend that remembers the numbers of its spans. */
export async function pushing(storage: MemoryStorage, queue: object = {}, budgetBytes?: number) {
  const settings = settingsOver(storage, budgetBytes);
  const arrived: number[][] = [];
  const backend = {
    next: (): void | Promise<void> => {},
    async push(batch: Traces) {
      await backend.next();
      arrived.push(spanNumbers(batch));
    },
  };
  const exporter = createExporter('traces', settings, config(queue), backend);
  await exporter.start();
  const entry = settings.book.edge('source', 'test', exporter);
  settings.book.node('source', 'source');
  const send = (from: number, count: number) =>
    entry.consume(numberedSpans(range(from, count)), background);
  return { settings, backend, exporter, send, arrived };
}

/** The form of {@link sealingBackend}. */
interface Sealed {
  readonly itemCount: number;
  readonly byteLength: number;
  readonly numbers: readonly number[];
}

/** A backend that seals the numbers of its spans as JSON. */
export function sealingBackend() {
  const backend = {
    attempts: [] as { attempt: Attempt; numbers: readonly number[] }[],
    next: (_attempt: Attempt): void | Promise<void> => {},
    seals: 0,
    seal(batches: readonly Traces[]): Sealed {
      backend.seals++;
      const numbers = batches.flatMap(spanNumbers);
      return { itemCount: numbers.length, byteLength: 8 * numbers.length, numbers };
    },
    async send(sealed: Sealed, attempt: Attempt) {
      backend.attempts.push({ attempt, numbers: sealed.numbers });
      await backend.next(attempt);
    },
    encode: (sealed: Sealed) => [Buffer.from(JSON.stringify(sealed.numbers))],
    decode(bytes: Uint8Array): Sealed {
      const numbers = JSON.parse(Buffer.from(bytes).toString()) as number[];
      return { itemCount: numbers.length, byteLength: bytes.length, numbers };
    },
  };
  return backend;
}
