import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyValueStore } from '../../component/extension.ts';
import { syncDirectory } from './log/files.ts';
import { fileNameOf } from './names.ts';

/** Bytes of one value at most: checkpoints are small. */
const valueBytesMax = 64 * 2 ** 20;

/**
 * One file per key in `directory`, replaced by renaming, so that a value is there whole or not at
 * all. @param fsync whether changes are durable against power loss when `set` and `delete` resolve
 */
export async function openKeyValue(directory: string, fsync: boolean): Promise<KeyValueStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let temporary = 0;
  const path = (key: string) => join(directory, fileNameOf(key));
  return {
    async get(key) {
      try {
        const { size } = await stat(path(key));
        if (size > valueBytesMax) {
          throw new Error(`cannot read key ${JSON.stringify(key)}: ${size} bytes are too many`);
        }
        return await readFile(path(key));
      } catch (error) {
        if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async set(key, value) {
      if (value.length > valueBytesMax) {
        throw new Error(
          `cannot set key ${JSON.stringify(key)}: ${value.length} bytes are too many`,
        );
      }
      const draft = join(directory, `.${temporary++}.tmp`);
      try {
        const file = await open(draft, 'w', 0o600);
        try {
          await file.writeFile(value);
          if (fsync) await file.datasync();
        } finally {
          await file.close();
        }
        await rename(draft, path(key));
        if (fsync) await syncDirectory(directory);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
    async delete(key) {
      await rm(path(key), { force: true });
      if (fsync) await syncDirectory(directory);
    },
    close: async () => {},
  };
}
