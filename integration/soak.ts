/**
 * `npm run soak`: a hundred kills of gateway and engine under load, a third of the engine's at the
 * rename of a part, then accepted against stored.
 *
 *   npm run soak -- [--kills 100] [--spans 2000000] [--seed N]
 */
import { parseArgs } from 'node:util';
import { countVictims, runCrash, summary, type Victim } from './crash/crash.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    spans: { type: 'string', default: '2000000' },
    seed: { type: 'string', default: String((Date.now() ^ process.pid) >>> 0) },
  },
});
const order: readonly Victim[] = ['engine', 'gateway', 'engine at a rename', 'gateway'];
const kills = Number(values.kills);
const started = Date.now();
const victims = Array.from({ length: kills }, (_, i) => order[i % order.length]!);
const result = await runCrash({
  spans: Number(values.spans),
  victims,
  seed: Number(values.seed),
  log: (line) =>
    console.log(`${((Date.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}`),
});
console.log(`seed ${values.seed}: ${summary(result)}`);
const faults =
  result.lost.length + result.doubled.length + result.invented.length + result.derived.length;
const asked = JSON.stringify(countVictims(victims));
const done = JSON.stringify(result.kills);
if (done !== asked) console.log(`kills asked for: ${asked}, done: ${done}`);
process.exit(faults === 0 && done === asked ? 0 : 1);
