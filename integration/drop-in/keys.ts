// node integration/drop-in/keys.ts TYPE...
// Sets each key of a component to values of every type, one at a time, and prints where this
// program and the Go collector do not agree whether that can be. Keys not here are not tried.
import { spawnSync } from 'node:child_process';
import type { Factory, Kind } from '../../component/factory.ts';
import { signals } from '../../component/signals.ts';
import { defaultProviders, loadConfig } from '../../config/confmap/index.ts';
import { findComponent, registry } from '../../gateway/components.ts';
import { FeatureGates } from '../../gateway/config/gates.ts';
import { resolveConfig } from '../../gateway/config/resolve.ts';
import { keyRows } from '../../scripts/docs/keys.ts';
import { minimalConfigs, sourcesFor } from './lib/defaults.ts';
import { findPeer } from './lib/peer.ts';

const values: readonly unknown[] = [
  null,
  '',
  'x',
  '5s',
  0,
  1,
  -1,
  1.5,
  true,
  [],
  ['a'],
  [1],
  {},
  { a: 'b' },
];

const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');

type Place = Record<string, unknown>;

/** A copy of `config` with a value at `path` (`a::b[]::c`). */
function withKey(config: unknown, path: string, value: unknown): unknown {
  const steps = path.replaceAll('[]', '::[]').split('::');
  const root = structuredClone(config ?? {}) as Place;
  let here = root;
  for (const [i, step] of steps.entries()) {
    const key = step === '[]' ? '0' : step === 'NAME' ? 'n' : step;
    if (i === steps.length - 1) {
      here[key] = value;
      break;
    }
    const next = steps[i + 1] === '[]' ? [] : {};
    const there = here[key];
    if (
      typeof there !== 'object' ||
      there === null ||
      Array.isArray(there) !== Array.isArray(next)
    ) {
      here[key] = next;
    }
    here = here[key] as Place;
  }
  return root;
}

async function ours(sources: readonly string[]): Promise<string> {
  try {
    const { root } = await loadConfig(sources, defaultProviders({}));
    await resolveConfig(root, registry, new FeatureGates());
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function theirs(program: string, sources: readonly string[]): string {
  const args = ['validate', ...sources.flatMap((uri) => ['--config', uri])];
  const run = spawnSync(program, args, { encoding: 'utf8' });
  return run.status === 0 ? '' : run.stderr.trim().split('\n').at(-1)!;
}

/** What has the component in use: pipelines of every signal that it takes, or `extensions`. */
function useOf(factory: Factory<unknown>): string {
  const id = `${factory.type}/x`;
  if (factory.kind === 'extension') return `yaml:service::extensions: ["${id}"]`;
  const pipelines: Record<string, unknown> = {};
  const plain = { receivers: ['otlp'], exporters: ['nop'] };
  if (factory.kind === 'connector') {
    for (const [from, to] of factory.pairs.filter((pair) => !pair.includes('profiles'))) {
      pipelines[`${from}/from`] = { ...plain, exporters: [id] };
      pipelines[`${to}/to`] = { ...plain, receivers: [id] };
    }
  } else {
    const list = `${factory.kind}s`;
    for (const signal of signals) {
      if (signal === 'profiles' || factory.stability[signal] === undefined) continue;
      pipelines[`${signal}/x`] = { ...plain, [list]: [id] };
    }
  }
  return `yaml:${JSON.stringify({ service: { pipelines } })}`;
}

let tried = 0;
let wrong = 0;
const types = process.argv.slice(2);
for (const [name, config] of minimalConfigs()) {
  const [section = '', type = ''] = name.split('/');
  if (!types.includes(type)) continue;
  const known = findComponent(section.replace(/s$/, '') as Kind, type, registry);
  if (known === undefined) continue;
  const { factory } = await known.load();
  const use = useOf(factory);
  for (const { path } of keyRows(factory.config)) {
    for (const value of values) {
      const sources = [...sourcesFor(name, withKey(config, path, value)), use];
      const [mine, peers] = [await ours(sources), theirs(peer, sources)];
      tried += 1;
      if ((mine === '') === (peers === '')) continue;
      if (peers.includes(`has invalid keys: ${path.split('::')[0]}`)) continue; // a key of our own
      wrong += 1;
      const says = mine === '' ? `theirs refuses: ${peers}` : `ours refuses: ${mine}`;
      console.log(`${name} ${path} = ${JSON.stringify(value)}\n  ${says.slice(0, 200)}`);
    }
  }
}
console.log(`${tried} configurations, ${wrong} with another verdict`);
