/** What the Go collector was recorded to do with the configurations. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startInside } from '../lib/run.ts';
import type { Outcome, Start } from '../lib/scenario.ts';
import type { Verdict } from '../lib/verdict.ts';

export interface Expected {
  /** Components that the peer had not: they were left out. */
  readonly without: readonly string[];
  /** Of the whole file; undefined when the peer had not all of its components. */
  readonly verdict?: Verdict;
  readonly outcome?: Outcome;
}

export function expectedFile(name: string): string {
  return join(import.meta.dirname, 'expected', `${name}.json`);
}

export function readExpected(name: string): Expected | undefined {
  const file = expectedFile(name);
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as Expected;
}

/** Puts variables into the environment. @returns what takes them out again */
export function setEnvironment(env: Readonly<Record<string, string>>): () => void {
  const before = { ...process.env };
  Object.assign(process.env, env);
  return () => {
    for (const key of Object.keys(env)) {
      if (before[key] === undefined) delete process.env[key];
      else process.env[key] = before[key];
    }
  };
}

/** This program, inside the process; what points to a cluster is in the environment meanwhile. */
export const startReal: Start = async (config, env) => {
  const restore = setEnvironment(env);
  try {
    const running = await startInside(config, env);
    return { stop: () => running.stop().finally(restore) };
  } catch (error) {
    restore();
    throw error;
  }
};
