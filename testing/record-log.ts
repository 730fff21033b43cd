import { PipelineError } from '../component/errors.ts';
import type { LogRecord, RecordLog, StorageProvider } from '../component/extension.ts';

/** Storage in memory: what a crash leaves is what was appended and not acknowledged. */
export interface MemoryStorage extends StorageProvider {
  /** Records of a log, oldest first. */
  records(owner: string): readonly LogRecord[];
  /** While true, appends are refused as on a full disk. */
  full: boolean;
}

export function memoryStorage(): MemoryStorage {
  const logs = new Map<string, Map<number, LogRecord>>();
  let position = 0;
  const storage: MemoryStorage = {
    full: false,
    records: (owner) => [...(logs.get(owner)?.values() ?? [])],
    async log(owner) {
      const records = logs.get(owner) ?? new Map<number, LogRecord>();
      logs.set(owner, records);
      return memoryLog(records, () => position++, storage);
    },
    keyValue: () => Promise.reject(new Error('BUG: no key-value face')),
  };
  return storage;
}

function memoryLog(
  records: Map<number, LogRecord>,
  nextPosition: () => number,
  storage: MemoryStorage,
): RecordLog {
  let open = true;
  const check = () => {
    if (!open) throw new PipelineError('log is closed', { retryable: true });
  };
  return {
    recovered: () =>
      Array.from(records.values(), ({ position, type, payload }) => {
        const head = payload.subarray(0, 64);
        return { position, type, bytes: payload.length, head };
      }),
    async append(type, payload, acks = []) {
      await Promise.resolve();
      check();
      if (storage.full) throw new PipelineError('cannot write: disk full', { retryable: true });
      const position = nextPosition();
      records.set(position, { position, type, payload: new Uint8Array(Buffer.concat(payload)) });
      for (const ack of acks) records.delete(ack);
      return position;
    },
    async ack(positions) {
      await Promise.resolve();
      check();
      for (const position of positions) {
        if (!records.delete(position)) throw new Error(`BUG: ack of unknown record ${position}`);
      }
    },
    async read(position) {
      await Promise.resolve();
      check();
      const record = records.get(position);
      if (record === undefined) throw new Error(`BUG: read of unknown record ${position}`);
      return record;
    },
    get bytes() {
      let sum = 0;
      for (const { payload } of records.values()) sum += payload.length;
      return sum;
    },
    async close() {
      open = false;
    },
  };
}
