// node integration/drop-in/mutate.ts [--seed N] [--runs N] [FOLDER...]
// Changes accepted configurations of verdicts/ at random, one change each, and prints where this
// program and the Go collector do not agree whether the result can be. A seed replays a run.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { defaultProviders, loadConfig } from '../../config/confmap/index.ts';
import { registry } from '../../gateway/components.ts';
import { resolveConfig } from '../../gateway/config/resolve.ts';
import { type Case, casesIn } from './lib/corpus.ts';
import { componentsOf, findPeer } from './lib/peer.ts';

const { values: options, positionals } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '200' },
  },
  allowPositionals: true,
});
const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');
const known = componentsOf(peer);
const seeds = casesIn(positionals).filter(
  (one) => one.accepts && one.alone === '' && (one.component === '' || known.has(one.component)),
);

let state = Number(options.seed);

/** Uniform in [0, n), integer; the same for the same seed. */
function below(n: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return Math.floor((state / 0x80000000) * n);
}

const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;

const values: readonly unknown[] = [
  ...[null, '', 'x', '5s', 0, 1, -1, 1.5, true, false, '^a.*', '[a', '10MiB', 'http://a:1'],
  ...[[], ['a'], [1], {}, { a: 'b' }],
];

/** A value somewhere in a configuration: `holder[key]`. */
interface Place {
  readonly holder: Record<string | number, unknown>;
  readonly key: string | number;
  readonly path: string;
}

function placesIn(value: unknown, path: string, found: Place[]): Place[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const [name, inner] of Object.entries(value)) {
    const key = Array.isArray(value) ? Number(name) : name;
    const full = path === '' ? name : `${path}::${name}`;
    if (path !== '') found.push({ holder: value as Place['holder'], key, path: full });
    placesIn(inner, full, found);
  }
  return found;
}

/** Changes one place. @returns what was done */
function mutate(config: unknown): string {
  const places = placesIn(config, '', []);
  const { holder, key, path } = pick(places);
  const done = (what: string) => `${path}: ${what}`;
  switch (below(4)) {
    case 0: {
      const value = structuredClone(pick(values));
      holder[key] = value;
      return done(`set to ${JSON.stringify(value)}`);
    }
    case 1:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      return done('removed');
    case 2:
      if (Array.isArray(holder)) {
        holder.push(structuredClone(holder[Number(key)]));
        return done('repeated');
      }
      holder[`${key}x`] = holder[key];
      delete holder[key];
      return done('renamed');
    default: {
      const from = pick(places);
      holder[key] = structuredClone(from.holder[from.key]);
      return done(`copied from ${from.path}`);
    }
  }
}

async function ours(file: string, env: Case['env']): Promise<string> {
  try {
    const { root } = await loadConfig([file], defaultProviders(env));
    await resolveConfig(root, registry);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'wirestitch-mutate-'));
const file = join(folder, 'config.yaml');
const totals = { runs: 0, refused: 0, wrong: 0 };
for (let i = 0; i < Number(options.runs) && seeds.length > 0; i++) {
  const seed = pick(seeds);
  const config: unknown = parse(seed.text, { version: '1.1', merge: true });
  const what = mutate(config);
  writeFileSync(file, stringify(config, { version: '1.1' }));
  const env = { PATH: process.env.PATH ?? '', ...seed.env };
  const run = spawnSync(peer, ['validate', '--config', file], { encoding: 'utf8', env });
  const mine = await ours(file, seed.env);
  totals.runs += 1;
  if (run.status !== 0) totals.refused += 1;
  if ((run.status === 0) === (mine === '')) continue;
  totals.wrong += 1;
  const theirs = run.stderr.trim().split('\n').at(-1) ?? '';
  const says = mine === '' ? `theirs refuses: ${theirs}` : `ours refuses: ${mine}`;
  console.log(`${seed.name}, ${what}\n  ${says.replaceAll(file, '').slice(0, 300)}`);
}
rmSync(folder, { recursive: true });
console.log(
  `${totals.runs} configurations, ${totals.refused} refused, ${totals.wrong} not by both`,
);
