// node integration/drop-in/real-world/real-world.ts [--record] [NAME...]
// Starts both programs with each configuration, sends the same data through them and prints where
// what comes out differs. --record keeps what came out of the peer in expected/NAME.json.
import { deepStrictEqual } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { componentsOf, findPeer } from '../lib/peer.ts';
import { startProcess } from '../lib/run.ts';
import type { Start } from '../lib/scenario.ts';
import { ask } from '../lib/verdict.ts';
import { absentIn, type RealConfig, realConfigs, typesIn, without } from './configs.ts';
import { expectedFile, startReal } from './expected.ts';
import { playReal } from './play.ts';

const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');
const names = process.argv.slice(2).filter((word) => word !== '--record');
const known = componentsOf(peer);
const folder = mkdtempSync(join(tmpdir(), 'wirestitch-real-'));
const startPeer: Start = (config, env) => startProcess([peer], config, env);
let wrong = 0;

/** Old names of components that the peer lists by their new ones. */
const newNames: Readonly<Record<string, string>> = {
  'exporter-otlp': 'exporter-otlp_grpc',
  'exporter-otlphttp': 'exporter-otlp_http',
  'processor-k8sattributes': 'processor-k8s_attributes',
  'processor-resourcedetection': 'processor-resource_detection',
};

/** The file; of one that is refused, and not for a type that nobody has, without absent components. */
function fileFor(one: RealConfig): string {
  const absent = [...typesIn(one.text)].filter((name) => !known.has(newNames[name] ?? name));
  if (one.rejects === '' || absent.some((name) => name.endsWith(one.rejects))) return one.file;
  const file = join(folder, 'case.yaml');
  writeFileSync(file, stringify(without(one.text, new Set(absent)), { version: '1.1' }));
  return file;
}

for (const one of realConfigs(names)) {
  const types = [...typesIn(one.text)];
  const absentThere = types.filter((name) => !known.has(newNames[name] ?? name));
  const absent = new Set([...absentThere, ...absentIn(one.text)]);
  try {
    const gates = one.gates === '' ? [] : [`--feature-gates=${one.gates}`];
    const verdict = await ask([peer, ...gates], fileFor(one), one.env);
    const isWhole = absentThere.length === 0 || one.rejects !== '';
    const play = one.rejects === '';
    const theirs = play ? await playReal(one, absent, startPeer) : undefined;
    if (process.argv.includes('--record')) {
      const file = expectedFile(one.name);
      mkdirSync(join(file, '..'), { recursive: true });
      const says = isWhole ? verdict : undefined;
      const text = JSON.stringify(
        { without: absentThere, verdict: says, outcome: theirs },
        null,
        1,
      );
      writeFileSync(file, `${text}\n`);
    }
    if (play) deepStrictEqual(await playReal(one, absent, startReal), theirs);
    console.log(`${one.name}: same, without ${[...absent].join(' ') || 'nothing'}`);
  } catch (error) {
    wrong += 1;
    console.log(`${one.name}\n${error instanceof Error ? error.message : String(error)}\n`);
  }
}
rmSync(folder, { recursive: true, force: true });
process.exit(wrong === 0 ? 0 : 1);
