/** What either program says of an odd configuration. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setUri } from '../../../gateway/cli/sources.ts';
import { FeatureGates } from '../../../gateway/config/gates.ts';
import { readConfig } from '../../../gateway/load.ts';
import { errorText } from '../../../gateway/telemetry/error-text.ts';
import { faults, type Verdict } from '../lib/verdict.ts';
import type { OddCase } from './cases.ts';

/** Writes the files of a case. @returns their paths */
function filesOf(one: OddCase, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return one.texts.map((content, i) => {
    const path = join(folder, i === 0 ? 'case.yaml' : `more-${i}.yaml`);
    writeFileSync(path, content);
    return path;
  });
}

/** This program, inside the process. */
export async function askInside(one: OddCase, folder: string): Promise<Verdict> {
  try {
    const gates = new FeatureGates();
    gates.apply(one.gates);
    const uris = [...filesOf(one, folder), ...one.set.map(setUri)];
    await readConfig(uris, { PATH: process.env.PATH, ...one.env }, { gates, checkOnly: true });
    return { accepted: true, says: '' };
  } catch (error) {
    return { accepted: false, says: errorText(error).replaceAll(`${folder}/`, '') };
  }
}

/** A program of its own. */
export async function askProgram(
  command: readonly string[],
  one: OddCase,
  folder: string,
): Promise<Verdict> {
  const [program = '', ...first] = command;
  const args = filesOf(one, folder).flatMap((path) => ['--config', path]);
  for (const set of one.set) args.push(`--set=${set}`);
  if (one.gates !== '') args.push(`--feature-gates=${one.gates}`);
  const child = spawn(program, [...first, 'validate', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH ?? '', ...one.env },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [code, err] = await Promise.all([ended, text(child.stderr)]);
  const says = code === 0 ? '' : faults(err).replaceAll(`${folder}/`, '');
  return { accepted: code === 0, says };
}
