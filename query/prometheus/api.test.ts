import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricReadError } from '../../storage/metrics/model.ts';
import { answer } from './api.ts';
import { FakeReader } from './testing/reader.ts';

const now = 1_790_000_000_000;
const everything = { startMs: -(2 ** 63), endMs: 2 ** 63 };

function filled(): FakeReader {
  const reader = new FakeReader();
  reader.add({ __name__: 'up', instance: 'a:1', job: 'a' }, [[now, 1]]);
  reader.add({ __name__: 'up', 'a.b': 'ü', instance: 'b:1', job: 'b' }, [[now, 0]]);
  return reader;
}

async function ask(reader: FakeReader, target: string, method = 'GET') {
  const [path = '', search = ''] = target.split('?');
  const form = new URLSearchParams(search);
  const options = { reader, now: () => now, version: '1.2.3' };
  const { status, body, contentType } = await answer(options, { method, path, form });
  const value: unknown = contentType === 'application/json' ? JSON.parse(body) : body;
  return [status, value] as const;
}

const success = (data: unknown, ...warnings: string[]) =>
  [200, { status: 'success', data, ...(warnings.length > 0 ? { warnings } : {}) }] as const;
const bad = (error: string) => [400, { status: 'error', errorType: 'bad_data', error }] as const;
const truncated = 'results truncated due to limit';

test('names and values of labels', async () => {
  const reader = filled();
  const v1 = '/api/v1';
  const names = ['__name__', 'a.b', 'instance', 'job'];
  assert.deepEqual(await ask(reader, `${v1}/labels`), success(names));
  assert.deepEqual(reader.asked[0]!.range, everything);
  assert.deepEqual(
    await ask(reader, `${v1}/labels?match[]=up{job="a"}`, 'POST'),
    success(['__name__', 'instance', 'job']),
  );
  assert.deepEqual(
    await ask(reader, `${v1}/labels?limit=2`),
    success(names.slice(0, 2), truncated),
  );
  assert.deepEqual(await ask(reader, `${v1}/labels?limit=4`), success(names));
  assert.deepEqual(await ask(reader, `${v1}/label/job/values`), success(['a', 'b']));
  for (const name of ['a.b', 'U__a_2e_b', 'a%2Eb']) {
    assert.deepEqual(await ask(reader, `${v1}/label/${name}/values`), success(['ü']), name);
  }
  assert.deepEqual(await ask(reader, `${v1}/label/U__a_zz_b/values`), success([]));
  assert.equal(reader.asked.at(-1)!.what, 'labelValues U__a_zz_b');
  assert.deepEqual(await ask(reader, `${v1}/label/%ff/values`), bad('invalid label name: "%ff"'));
  assert.equal((await ask(reader, `${v1}/label//values`))[0], 400);
});

test('series', async () => {
  const reader = filled();
  const one = { __name__: 'up', instance: 'a:1', job: 'a' };
  const path = '/api/v1/series';
  assert.deepEqual(await ask(reader, `${path}?match[]=up{job="a"}`), success([one]));
  const two = await ask(reader, `${path}?match[]={job="a"}&match[]={job="b"}`, 'POST');
  assert.equal((two[1] as { data: unknown[] }).data.length, 2);
  assert.deepEqual(await ask(reader, `${path}?match[]=up&limit=1`), success([one], truncated));
  assert.deepEqual(await ask(reader, path), bad('no match[] parameter provided'));
  const place = '1:3: parse error: unexpected "[1m]", expected the end';
  const message = `invalid parameter "match[]": ${place}`;
  assert.deepEqual(await ask(reader, `${path}?match[]=up[1m]`), bad(message));
  assert.deepEqual(await ask(reader, `${path}?match[]=up&start=2&end=1`), success([]));
});

test('times and limits', async () => {
  const reader = filled();
  const range = async (search: string) => {
    await ask(reader, `/api/v1/labels?${search}`);
    return reader.asked.pop()!.range;
  };
  assert.deepEqual(await range('start=1.5&end=1e3'), { startMs: 1500, endMs: 1_000_000 });
  assert.deepEqual(await range('start=2026-01-02T03:04:05.678Z&end=2026-01-02T03:04:05-01:00'), {
    startMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    endMs: Date.UTC(2026, 0, 2, 4, 4, 5),
  });
  const shown = 'start=-292273086-05-16T16:47:06Z&end=292277025-08-18T07:12:54.999999999Z';
  assert.deepEqual(await range(shown), everything);
  const cases = {
    'start=x': `invalid parameter "start": invalid time value for 'start': cannot parse "x" to a valid timestamp`,
    'limit=-1': 'invalid parameter "limit": limit must be non-negative',
    'limit=x': 'invalid parameter "limit": parsing "x": invalid syntax',
  };
  for (const [search, message] of Object.entries(cases)) {
    const wanted = bad(message);
    const got = await ask(reader, `/api/v1/labels?${search}`);
    assert.deepEqual(got, wanted, search);
  }
});

test('metadata', async () => {
  const reader = filled();
  const gauge = { type: 'gauge', unit: 's', help: 'G.' } as const;
  const other = { type: 'counter', unit: '', help: 'C.' } as const;
  reader.families.set('b', [gauge]).set('a', [gauge, other]);
  const path = '/api/v1/metadata';
  assert.deepEqual(await ask(reader, path), success({ a: [gauge, other], b: [gauge] }));
  assert.deepEqual(reader.asked[0]!.range, { startMs: now - 86_400_000, endMs: now });
  assert.deepEqual(await ask(reader, `${path}?limit=1`), success({ a: [gauge, other] }));
  assert.deepEqual(await ask(reader, `${path}?limit=0`), success({}));
  const each = success({ a: [gauge], b: [gauge] });
  assert.deepEqual(await ask(reader, `${path}?limit_per_metric=1`), each);
  assert.deepEqual(await ask(reader, `${path}?metric=b`), success({ b: [gauge] }));
  assert.deepEqual(await ask(reader, `${path}?metric=c`), success({}));
  assert.deepEqual(await ask(reader, `${path}?limit=x`), bad('limit must be a number'));
});

test('failures of the reader by their reason', async () => {
  const reader = filled();
  const cases = {
    bad_query: [400, 'bad_data'],
    too_broad: [422, 'execution'],
    timeout: [503, 'timeout'],
    unavailable: [503, 'unavailable'],
    internal: [500, 'internal'],
  } as const;
  for (const [reason, [status, errorType]] of Object.entries(cases)) {
    reader.failure = new MetricReadError('why', reason as keyof typeof cases);
    const wanted = [status, { status: 'error', errorType, error: 'why' }];
    assert.deepEqual(await ask(reader, '/api/v1/labels'), wanted);
  }
  reader.failure = new Error('a bug');
  await assert.rejects(ask(reader, '/api/v1/labels'), /a bug/);
});

test('the rest: health, version, PromQL, methods, unknown paths', async () => {
  const reader = filled();
  assert.deepEqual(await ask(reader, '/-/healthy'), [200, 'Wirestitch is Healthy.\n']);
  assert.deepEqual(await ask(reader, '/-/ready', 'HEAD'), [200, 'Wirestitch is Ready.\n']);
  const [, build] = await ask(reader, '/api/v1/status/buildinfo');
  const { version, revision } = (build as { data: Record<string, string> }).data;
  assert.deepEqual([version, revision], ['3.14.0', 'wirestitch 1.2.3']);
  for (const name of ['query', 'query_range']) {
    const [status, body] = await ask(reader, `/api/v1/${name}?query=up`, 'POST');
    assert.equal(status, 404);
    assert.match(JSON.stringify(body), /"not_found","error":"PromQL is not evaluated here/);
  }
  assert.equal((await ask(reader, '/api/v1/series?match[]=up', 'DELETE'))[0], 405);
  assert.equal((await ask(reader, '/api/v1/label/a/values', 'POST'))[0], 405);
  assert.deepEqual(await ask(reader, '/api/v1/rules'), [404, '404 page not found\n']);
});
