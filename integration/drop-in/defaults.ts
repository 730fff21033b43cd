// node integration/drop-in/defaults.ts [--record] [TYPE...]
// Prints where a component's defaults differ from the Go collector's. --record keeps the collector's
// in defaults/recorded.json and the differences that there are in defaults/differences.json.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findComponent, registry } from '../../gateway/components.ts';
import { defaultsFolder, differences, minimalConfigs, partOf, sourcesFor } from './lib/defaults.ts';
import { ourDefaults } from './lib/our-defaults.ts';
import { findPeer } from './lib/peer.ts';

const record = process.argv.includes('--record');
const types = process.argv.slice(2).filter((word) => word !== '--record');
const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');

const read = (name: string) =>
  JSON.parse(readFileSync(join(defaultsFolder, name), 'utf8')) as Record<string, unknown>;
const recorded = record && types.length === 0 ? {} : read('recorded.json');
const known = record && types.length === 0 ? {} : read('differences.json');
for (const [name, config] of minimalConfigs()) {
  const [section = '', type = ''] = name.split('/');
  if (types.length > 0 && !types.includes(type)) continue;
  const args = ['print-config', '--mode=unredacted', '--format=json', '--validate=false'];
  const sources = sourcesFor(name, config).flatMap((uri) => ['--config', uri]);
  const run = spawnSync(peer, [...args, ...sources], { encoding: 'utf8' });
  if (run.status !== 0) {
    console.log(`${name}: the peer says ${run.stderr.trim().slice(-300)}`);
    continue;
  }
  recorded[name] = partOf(name, run.stdout);
  const kind = section.replace(/s$/, '') as 'receiver';
  if (findComponent(kind, type, registry) === undefined) {
    console.log(`${name}: not here`);
    continue;
  }
  const found = differences(recorded[name], await ourDefaults(name, config));
  if (found.length === 0) delete known[name];
  else known[name] = found;
  for (const line of found) console.log(`${name}: ${line}`);
}
if (record) {
  const write = (name: string, value: unknown) =>
    writeFileSync(join(defaultsFolder, name), `${JSON.stringify(value, null, 1)}\n`);
  write('recorded.json', recorded);
  write('differences.json', known);
}
