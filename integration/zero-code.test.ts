/**
 * The zero-code demo, judged: uninstrumented services in network namespaces of their own, seen by
 * system calls and packets, and each request one whole trace. The ids that the judge goes by are in
 * query values, names and keys, which no rule of stitching reads.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { ZeroCodeDemo } from '../scripts/demo-zero-code/run.ts';
import { alone } from './lib/alone.ts';
import { browserObstacle, driveAt } from './lib/page.ts';
import { scratch } from './lib/program.ts';
import { checkCaptured } from './ui/captured.ts';

await alone();

const clicks = 1000;
const tools = ['nginx', 'mariadbd', 'redis-server', 'dnsmasq', 'java', 'javac', 'nft', 'ip'];

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'the kernel has no type information';
  const absent = tools.filter((tool) => spawnSync('which', [tool]).status !== 0);
  return absent.length === 0 ? undefined : `not installed: ${absent.join(', ')}`;
}

test('requests through uninstrumented services are whole traces', {
  timeout: 580_000,
}, async (t) => {
  const reason = missing();
  if (reason !== undefined) return t.skip(reason);
  const folder = scratch();
  const options = { folder: folder.path, clicks, rate: 50, concurrency: 32 };
  const demo = new ZeroCodeDemo({ ...options, say: (line) => t.diagnostic(line) });
  try {
    await demo.start();
    const { answered, failed, whole, mixed, wholeBySql, faults } = await demo.clicks();
    t.diagnostic(
      `${answered} answered, ${whole} whole, ${wholeBySql} whole by SQL, ${mixed} mixed`,
    );
    for (const [fault, times] of faults.slice(0, 10)) t.diagnostic(`${times} x ${fault}`);
    assert.deepEqual([answered, failed], [clicks, 0]);
    assert.equal(mixed, 0);
    assert.ok(whole >= 0.98 * clicks, `${whole} of ${clicks} traces are whole`);
    assert.ok(wholeBySql >= 0.98 * clicks, `${wholeBySql} of ${clicks} are one trace by SQL`);
    await t.test('and the page shows them', async (inner) => {
      const obstacle = browserObstacle();
      if (obstacle !== '') return inner.skip(obstacle);
      const { tab } = await driveAt(inner, demo.addresses.page);
      await checkCaptured(tab);
    });
  } finally {
    await demo.stop();
    folder.remove();
  }
});
