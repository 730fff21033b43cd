import { glob, open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

const CHUNK = 256 << 10;

/**
 * Files that the patterns name, in the order of the patterns, those of one pattern sorted.
 * @throws Error for a name without a file, or a pattern that matches none
 */
export async function captureFiles(patterns: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of patterns) {
    if (!/[*?[\]{}]/.test(pattern)) {
      await checkFile(pattern);
      files.push(pattern);
      continue;
    }
    const matches: string[] = [];
    for await (const match of glob(pattern)) matches.push(match);
    if (matches.length === 0) {
      throw new Error(`cannot find a capture file that matches ${JSON.stringify(pattern)}`);
    }
    files.push(...matches.sort());
  }
  return files;
}

async function checkFile(path: string): Promise<void> {
  let directory: boolean;
  try {
    directory = (await stat(path)).isDirectory();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Error(`cannot read capture file ${JSON.stringify(path)}: ${code}`, { cause });
  }
  if (directory) {
    throw new Error(`cannot read capture file ${JSON.stringify(path)}: it is a directory`);
  }
}

/**
 * The bytes of a file, uncompressed when it is gzipped; each chunk is valid until the next is asked
 * for.
 * @param size bytes a chunk, at most
 */
export async function* chunksOf(path: string, size = CHUNK): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(size);
    const magic = await file.read(buffer, 0, 2, 0);
    if (magic.bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b) {
      const compressed = file.createReadStream({ start: 0, autoClose: false });
      const plain = createGunzip({ chunkSize: size });
      compressed.once('error', (error) => plain.destroy(error));
      yield* compressed.pipe(plain) as AsyncIterable<Uint8Array>;
      return;
    }
    let position = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, size, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
