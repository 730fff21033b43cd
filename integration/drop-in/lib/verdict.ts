/** Whether a configuration is accepted, and what is said of one that is not. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Verdict {
  readonly accepted: boolean;
  /** What was said; '' when accepted. */
  readonly says: string;
}

/** Asks a program: `PROGRAM validate --config FILE`. */
export async function ask(
  command: readonly string[],
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Verdict> {
  const [program = '', ...args] = command;
  const child = spawn(program, [...args, 'validate', '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [code, , err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { accepted: code === 0, says: code === 0 ? '' : faults(err) };
}

/** The message without log lines (of the Go collector) and without the path of the file. */
export function faults(err: string): string {
  const lines = err.split('\n').filter((line) => !/^\d{4}-\d\d-\d\dT/.test(line));
  return lines
    .join('\n')
    .replace(/^Error: /, '')
    .replace(/\S*\/case\.yaml/g, 'case.yaml')
    .trim();
}

/** Whether what is said names a key, in any letter case. */
export function names(verdict: Verdict, key: string): boolean {
  return verdict.says.toLowerCase().includes(key.toLowerCase());
}
