/** How large the built page is, as it is sent. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { root } from '../lib/page.ts';

const dist = join(root, 'ui/dist');
/** All chunks together, gzipped. */
const most = 350_000;
/** What is loaded before the first screen's own chunk. */
const mostAtFirst = 120_000;

const sent = (name: string): number =>
  gzipSync(readFileSync(join(dist, name)), { level: 9 }).byteLength;
const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;

test('all chunks of the page are at most 350 KB gzipped', (t) => {
  if (!existsSync(join(dist, 'index.html'))) return t.skip('the page is not built: npm run setup');
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  const sizes = files
    .filter((name) => /\.(html|js|css|svg|json)$/.test(name))
    .map((name) => [name, sent(name)] as const)
    .sort(([, a], [, b]) => b - a);
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const first = sizes.filter(([name]) => name === 'index.html' || html.includes(name));
  const sum = (of: readonly (readonly [string, number])[]): number =>
    of.reduce((all, [, size]) => all + size, 0);
  for (const [name, size] of sizes) t.diagnostic(`${kb(size).padStart(9)}  ${name}`);
  t.diagnostic(`${kb(sum(first)).padStart(9)}  before the first screen`);
  t.diagnostic(`${kb(sum(sizes)).padStart(9)}  together`);
  assert.ok(first.length >= 3, `index.html names ${first.map(([name]) => name)}`);
  assert.ok(sum(sizes) <= most, `${sum(sizes)} bytes`);
  assert.ok(sum(first) <= mostAtFirst, `${sum(first)} bytes before the first screen`);
});
