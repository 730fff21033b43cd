/** Starting either program. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FeatureGates } from '../../../gateway/config/gates.ts';
import { readConfig } from '../../../gateway/load.ts';
import { startProgram } from '../../../gateway/run.ts';
import { stopProcess } from '../../../testing/process.ts';
import type { Running } from './scenario.ts';

const quiet = ['yaml:service::telemetry::metrics::level: none'];

/** Starts a program of its own: `COMMAND --config FILE`. */
export async function startProcess(
  command: readonly string[],
  config: string,
  env: Readonly<Record<string, string>>,
  gates = '',
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-behaviour-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, config);
  const [program = '', ...args] = command;
  const configs = [file, ...quiet].flatMap((uri) => ['--config', uri]);
  if (gates !== '') configs.push(`--feature-gates=${gates}`);
  const child = spawn(program, [...args, ...configs], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  while (!log.includes('Everything is ready')) {
    if (child.exitCode !== null) throw new Error(`${program} ended:\n${log}`);
    await sleep(20);
  }
  return {
    async stop() {
      await stopProcess(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts this program inside the process. */
export async function startInside(
  config: string,
  env: Readonly<Record<string, string>>,
  set = '',
): Promise<Running> {
  const gates = new FeatureGates();
  gates.apply(set);
  const telemetry = config.includes('telemetry:') ? [] : quiet;
  const sources = [`yaml:${config}`, ...telemetry, 'yaml:service::telemetry::logs::level: error'];
  const program = await startProgram(await readConfig(sources, env, { gates }));
  return { stop: () => program.shutdown('test') };
}
