import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { registry } from '../components.ts';
import { migrate } from '../config/migrate.ts';

/**
 * Rewrites older types and keys in the files of one configuration and says what it did.
 * @param write false: only says what it would do
 * @returns whether there was something to change
 */
export async function migrateFiles(
  paths: readonly string[],
  write: boolean,
  out: { write(text: string): unknown },
): Promise<boolean> {
  const files = await Promise.all(
    paths.map(async (name) => ({ name, text: await readFile(name, 'utf8') })),
  );
  let found = false;
  for (const { name, text, changes, left } of await migrate(files, registry)) {
    for (const line of changes) out.write(`${line}\n`);
    for (const line of left) out.write(`${line} (by hand)\n`);
    found ||= changes.length + left.length > 0;
    if (write && changes.length > 0) await replace(name, text);
  }
  if (!found) out.write('Nothing to change.\n');
  return found;
}

/** Writes beside the file and renames, so that nobody sees half of it. */
async function replace(path: string, text: string): Promise<void> {
  const { mode } = await stat(path);
  const temporary = `${path}.${process.pid}.new`;
  try {
    await writeFile(temporary, text, { mode });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
