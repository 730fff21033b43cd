/**
 * `npm run demo:zero-code`: seven uninstrumented services, each in a network namespace of its own,
 * are seen by system calls and packets; requests go through them, and their spans become traces.
 *
 *   npm run demo:zero-code -- [--clicks 200] [--rate 50] [--concurrency 8] [--keep]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ZeroCodeDemo } from './run.ts';
import { treeOf } from './tree.ts';

const { values } = parseArgs({
  options: {
    clicks: { type: 'string', default: '200' },
    rate: { type: 'string', default: '50' },
    concurrency: { type: 'string', default: '8' },
    keep: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'wirestitch-demo-'));
const demo = new ZeroCodeDemo({
  folder,
  clicks: Number(values.clicks),
  rate: Number(values.rate),
  concurrency: Number(values.concurrency),
  say: (line) => console.log(line),
});
try {
  await demo.start();
  const result = await demo.clicks();
  const share = ((100 * result.whole) / Math.max(1, result.answered)).toFixed(1);
  const { whole, answered, wholeBySql, mixed } = result;
  console.log('\nOne request: service, operation, time, where it was seen, why it is there\n');
  console.log(treeOf(result.example));
  console.log(`\n${whole} of ${answered} requests have a whole trace (${share} %),`);
  console.log(
    `${wholeBySql} are one trace by SQL; ${mixed} traces hold a span of another request.`,
  );
  for (const [fault, clicks] of result.faults.slice(0, 10)) console.log(`  ${clicks} x ${fault}`);
  const { page, jaeger } = demo.addresses;
  console.log(`Jaeger API: ${jaeger}/api/traces/${result.exampleId}?prettyPrint=true`);
  if (values.keep) console.log(`The page:   ${page}/trace/${result.exampleId}`);
  if (values.keep) {
    console.log('Everything goes on running; stop with Ctrl-C.');
    await new Promise((resolve) => process.once('SIGINT', resolve));
  }
} catch (error) {
  console.error(`demo:zero-code: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await demo.stop();
  rmSync(folder, { recursive: true, force: true });
}
