import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { acceptsGzip, gzipped, wantsGzip } from './gzip.ts';

function asked(encoding?: string) {
  return { headers: encoding === undefined ? {} : { 'accept-encoding': encoding } };
}

test('who names gzip takes it, unless with weight 0', () => {
  for (const yes of ['gzip', 'deflate, gzip', 'br;q=1, GZIP;q=0.5', 'gzip; q=0.01, br']) {
    assert.ok(acceptsGzip(asked(yes)), yes);
  }
  for (const no of [undefined, '', 'br', 'gzip;q=0', 'gzip; q=0.000, br', 'gzipped']) {
    assert.ok(!acceptsGzip(asked(no)), no);
  }
});

test('small bodies stay as they are, others come back whole', async () => {
  const body = Buffer.from('x'.repeat(1024));
  assert.ok(wantsGzip(asked('gzip'), body));
  assert.ok(!wantsGzip(asked('gzip'), body.subarray(1)));
  assert.ok(!wantsGzip(asked(), body));
  assert.deepEqual(gunzipSync(await gzipped(body, 1)), body);
});
