/** What tests of span senders share. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
export const python = join(root, '.cache/python/bin/python');
export const senders = import.meta.dirname;

/** Whether a package of tests is installed. */
export function installed(name: string): boolean {
  return existsSync(join(root, 'node_modules', name, 'package.json'));
}

/** What a sender said of a span that it sent. */
export interface Said {
  readonly n: number;
  readonly traceId: string;
  readonly spanId: string;
}

/** Runs a sender. @returns its spans in the order of their numbers */
export async function sentBy(command: string, args: readonly string[]): Promise<Said[]> {
  const options = { maxBuffer: 1 << 26, timeout: 300_000 };
  const { stdout } = await promisify(execFile)(command, [...args], options);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Said).sort((a, b) => a.n - b.n);
}
