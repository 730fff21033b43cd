import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockName } from './lock.ts';

/** Magic number in the meta page of a bbolt database, after the 16 bytes of the page's header. */
const magic = 0xed0cdaed;
const filesMax = 1000;

/**
 * Names of the Go collector's storage files in `directory`. They are neither read nor changed:
 * what is queued in them has to be drained by the collector that wrote them.
 */
export async function findBboltFiles(directory: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries.slice(0, filesMax)) {
    if (entry.name === lockName) continue; // closing it would give the lock up
    if (entry.isFile() && (await isBbolt(join(directory, entry.name)))) found.push(entry.name);
  }
  return found;
}

async function isBbolt(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(20);
    const { bytesRead } = await file.read(head, 0, 20, 0);
    return bytesRead === 20 && head.readUInt32LE(16) === magic;
  } finally {
    await file.close();
  }
}
