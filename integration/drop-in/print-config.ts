// node integration/drop-in/print-config.ts [PATH OF THE COLLECTOR]
// Writes what the Go collector prints for each case to gateway/testdata/print-config/recorded.json.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  baseFile,
  type PrintCase,
  type Printed,
  partsOf,
  printData,
  readTable,
  writeFiles,
} from '../../gateway/testing/print-config-cases.ts';

const collector =
  process.argv[2] ?? join(process.env.PEERS_DIR ?? '/usr/local', 'bin/otelcol-dropin');
const folder = mkdtempSync(join(tmpdir(), 'print-config-'));
const recorded: Record<string, Printed> = {};
for (const [name, one] of Object.entries(readTable<PrintCase>('cases.json'))) {
  writeFiles(folder, one.files);
  const args = [baseFile, ...one.uris].flatMap((uri) => ['--config', uri]);
  for (const set of one.sets ?? []) args.push('--set', set);
  if (one.gates !== undefined) args.push('--feature-gates', one.gates);
  const mode = ['print-config', '--mode=unredacted', '--format=json'];
  const env = { PATH: process.env.PATH ?? '', ...one.env };
  const run = spawnSync(collector, [...mode, ...args], { cwd: folder, env, encoding: 'utf8' });
  if (run.error !== undefined) throw run.error;
  recorded[name] =
    run.status === 0
      ? { parts: partsOf(JSON.parse(run.stdout)) }
      : { error: run.stderr.trim().replace(/^Error: /, '') };
}
rmSync(folder, { recursive: true });
writeFileSync(join(printData, 'recorded.json'), `${JSON.stringify(recorded, null, 1)}\n`);
