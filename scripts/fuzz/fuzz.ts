/**
 * `npm run fuzz`: random and mutated input for every reader of foreign bytes.
 *
 *   npm run fuzz -- [--seconds 30] [--seed N] [--only NAME]
 *
 * A reader may refuse with its own error; anything else (another error, more than a second for one
 * input) is a finding: it is printed with the seed and the input in base64, and the exit code is 1.
 */
import { parseArgs } from 'node:util';
import { mutate, Prng } from './mutate.ts';
import { type Target, targets } from './targets.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string', default: '' },
  },
});
const slowMs = 1000;
let findings = 0;

async function fuzz(target: Target, ms: number, seed: number): Promise<void> {
  const random = new Prng(seed);
  const seeds = await target.seeds();
  const until = performance.now() + ms;
  let runs = 0;
  let refused = 0;
  while (performance.now() < until) {
    const input = mutate(seeds, random);
    const start = performance.now();
    try {
      await target.run(input);
    } catch (error) {
      refused += 1;
      if (!target.refusal(error)) report(target, seed, runs, input, error);
    }
    if (performance.now() - start > slowMs) {
      report(target, seed, runs, input, new Error(`took longer than ${slowMs} ms`));
    }
    runs += 1;
  }
  console.log(`${target.name.padEnd(24)} ${String(runs).padStart(8)} inputs, ${refused} refused`);
}

function report(target: Target, seed: number, run: number, input: Buffer, error: unknown): void {
  findings += 1;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const shown = input.subarray(0, 4096).toString('base64');
  console.error(`FINDING in ${target.name} (seed ${seed}, run ${run}): ${text}\n${shown}`);
}

const chosen = targets.filter((target) => target.name.includes(values.only));
const seed = Number(values.seed);
console.log(`seed ${seed}`);
for (const target of chosen) {
  await fuzz(target, (Number(values.seconds) * 1000) / chosen.length, seed);
}
process.exitCode = findings === 0 ? 0 : 1;
