import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** What some files hold, in one text that differs when they do. */
export type Fingerprint = string;

/** A file that cannot be read counts as one without content. */
export async function fingerprint(files: readonly string[]): Promise<Fingerprint> {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = await readFile(file).catch(() => 'absent');
    hash.update(`${file}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}
