// What `npm pack` makes, unpacked elsewhere: nothing that the program needs was left out.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { signals } from '../component/signals.ts';
import { registry } from '../gateway/components.ts';
import { sectionOf } from '../gateway/config/sections.ts';
import { sampleOf } from '../testing/contract/samples.ts';
import { scratch } from './lib/program.ts';

const root = join(import.meta.dirname, '..');

function run(command: string, args: readonly string[], cwd: string): string {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8' });
  assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** Packs the checkout without building anything. @returns the folder of what it unpacks to */
function unpacked(folder: string): string {
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root);
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  run('tar', ['-xzf', file!], folder);
  const path = join(folder, 'package');
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
  return path;
}

interface Pipeline {
  receivers: string[];
  processors: string[];
  exporters: string[];
}

/** A configuration in which every component is used, each in pipelines of its own. */
async function everything(folder: string): Promise<Record<string, unknown>> {
  const sections: Record<string, Record<string, unknown>> = {};
  const pipelines: Record<string, Pipeline> = {};
  const otherwise = { receivers: ['otlp'], processors: [], exporters: ['nop'] };
  const extensions: string[] = [];
  for (const entry of registry) {
    const { kind, type } = entry;
    const { factory } = await entry.load();
    const section = sectionOf[kind];
    sections[section] = { ...sections[section], [type]: sampleOf(entry, folder).config };
    if (factory.kind === 'extension') extensions.push(type);
    else if (factory.kind === 'connector') {
      const [from, to] = factory.pairs[0]!;
      pipelines[`${from}/${type}`] = { ...otherwise, exporters: [type] };
      // The pipeline that samples of connectors name.
      const behind = (pipelines[`${to}/test`] ??= { ...otherwise, receivers: [] });
      behind.receivers.push(type);
    } else {
      const [signal] = signals.filter((one) => factory.stability[one] !== undefined);
      pipelines[`${signal}/${kind}_${type}`] = { ...otherwise, [section]: [type] };
    }
  }
  return { ...sections, service: { extensions, pipelines } };
}

test('a package has all that its components need', async (t) => {
  const folder = scratch();
  t.after(() => folder.remove());
  const path = unpacked(folder.path);
  const samples = join(folder.path, 'samples');
  mkdirSync(samples);
  const file = join(folder.path, 'all.yaml');
  writeFileSync(file, JSON.stringify(await everything(samples)));
  const program = join(path, 'bin/wirestitch');
  run(process.execPath, [program, 'validate', '--config', file], folder.path);
  const listed = run(process.execPath, [program, 'components'], folder.path);
  for (const { type } of registry) assert.match(listed, new RegExp(`- name: ${type}$`, 'm'));
});
