import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { LineLimit, LineMetrics, type LineRequest, type LineResult } from './line-metrics.ts';
import { maxFields } from './line-reader.ts';

const request: LineRequest = { unitNs: 1, nowMs: 1_700_000_000_000, reserve: () => true };

function convert(text: string | Buffer, more: Partial<LineRequest> = {}): LineResult {
  return new LineMetrics().convert(Buffer.from(text), { ...request, ...more });
}

interface Point {
  [field: string]: unknown;
}

/** Points by metric, short: `name kind {attributes} fields`. */
function points(result: LineResult): string[] {
  if (result.batch === undefined) return [];
  const bytes = Buffer.concat(result.batch.ranges());
  const checked = parseRequest('metrics', bytes);
  assert.equal(checked.itemCount, result.batch.itemCount);
  const { resourceMetrics } = JSON.parse(toJson(checked));
  const out: string[] = [];
  const flat = (list: { key: string; value: { stringValue: string } }[] = []) =>
    list.map(({ key, value }) => `${key}=${value.stringValue}`).join(',');
  for (const { resource, scopeMetrics } of resourceMetrics) {
    for (const { scope, metrics } of scopeMetrics) {
      for (const { name, ...data } of metrics) {
        const [kind, body] = Object.entries(data)[0] as [string, { dataPoints: Point[] }];
        const { dataPoints, ...shape } = body;
        for (const { attributes, ...fields } of dataPoints) {
          const head = `${flat(resource.attributes)}|${scope.name ?? ''}:${scope.version ?? ''}`;
          const tags = flat(attributes as never);
          const rest = JSON.stringify({ ...shape, ...fields }).replaceAll('"', '');
          out.push(`${head === '|:' ? '' : `${head} `}${name} ${kind} {${tags}} ${rest}`);
        }
      }
    }
  }
  return out;
}

test('a gauge for each number; text is left out and counted', () => {
  const result = convert(
    'cpu,container.name=42,otel.library.name=My\\ Library,otel.library.version=latest,cpu=cpu4,' +
      'host=777348dc6343 usage_user=0.10090817356207936,some_int_key=7i,on=true,s="x\\"y" ' +
      '1395066363000000123\n',
  );
  const head = 'container.name=42|My Library:latest';
  const tail = (value: string) =>
    `gauge {cpu=cpu4,host=777348dc6343} {timeUnixNano:1395066363000000123,${value}}`;
  assert.deepEqual(points(result), [
    `${head} cpu_usage_user ${tail('asDouble:0.10090817356207936')}`,
    `${head} cpu_some_int_key ${tail('asInt:7')}`,
    `${head} cpu_on ${tail('asInt:1')}`,
  ]);
  assert.deepEqual([result.texts, result.lines, result.badLines], [1, 1, 0]);
});

test('unsigned integers beyond 63 bits become doubles', () => {
  assert.deepEqual(points(convert('m a=18446744073709551615u,b=9223372036854775807u 1')), [
    'm_a gauge {} {timeUnixNano:1,asDouble:18446744073709552000}',
    'm_b gauge {} {timeUnixNano:1,asInt:9223372036854775807}',
  ]);
});

test("Telegraf's first Prometheus schema", () => {
  const file = join(import.meta.dirname, 'testdata/telegraf-prometheus-v1.lp');
  const text = readFileSync(file, 'utf8').replace(/\d{19}/g, '5');
  assert.deepEqual(points(convert(text)), [
    'temperature gauge {room=a b,c=d} {timeUnixNano:5,asDouble:-21.5}',
    'http_request_duration_seconds histogram {method=post} {aggregationTemporality:2,' +
      'timeUnixNano:5,count:144320,sum:53423,bucketCounts:[24054,9390,95945,4599,10332],' +
      'explicitBounds:[0.05,0.1,0.5,1]}',
    'rpc_duration_seconds summary {} {timeUnixNano:5,count:2693,sum:17560473,quantileValues:' +
      '[{quantile:0.01,value:3102},{quantile:0.5,value:4773},{quantile:0.99,value:76656}]}',
    'http_requests_total sum {code=200,method=post} {aggregationTemporality:2,isMonotonic:true,' +
      'timeUnixNano:5,asDouble:1027}',
    'http_requests_total sum {code=400,method=get} {aggregationTemporality:2,isMonotonic:true,' +
      'timeUnixNano:5,asDouble:3}',
  ]);
});

test("Telegraf's second Prometheus schema, lines in any order", () => {
  const file = join(import.meta.dirname, 'testdata/telegraf-prometheus-v2.lp');
  const lines = readFileSync(file, 'utf8')
    .replace(/\d{19}/g, '5')
    .trim()
    .split('\n');
  const want = [
    'http_request_duration_seconds histogram {method=post} {aggregationTemporality:2,' +
      'timeUnixNano:5,count:144320,sum:53423,bucketCounts:[24054,9390,95945,4599,10332],' +
      'explicitBounds:[0.05,0.1,0.5,1]}',
    'http_requests_total gauge {code=200,method=post} {timeUnixNano:5,asDouble:1027}',
    'http_requests_total gauge {code=400,method=get} {timeUnixNano:5,asDouble:3}',
    'rpc_duration_seconds summary {} {timeUnixNano:5,count:2693,sum:17560473,quantileValues:' +
      '[{quantile:0.01,value:3102},{quantile:0.5,value:4773},{quantile:0.99,value:76656}]}',
    'temperature gauge {room=a b,c=d} {timeUnixNano:5,asDouble:-21.5}',
  ];
  assert.deepEqual(points(convert(lines.join('\n'))).sort(), want);
  assert.deepEqual(points(convert(lines.reverse().join('\r\n'))).sort(), want);
});

test('counters with their start, deltas, and fields beside them', () => {
  const text =
    'req,temporality=delta counter=3,start_time="2023-04-13T22:34:00.000535129+02:00",other=1i 7\n' +
    'x,metric_type=timing count=2i,sum=3 7\n' +
    'y,metric_type=counter value=3i,start_time="no time" 7\n';
  assert.deepEqual(points(convert(text)), [
    'req sum {} {aggregationTemporality:1,isMonotonic:true,' +
      'startTimeUnixNano:1681418040000535129,timeUnixNano:7,asDouble:3}',
    'req_other gauge {} {startTimeUnixNano:1681418040000535129,timeUnixNano:7,asInt:1}',
    'x_count gauge {metric_type=timing} {timeUnixNano:7,asInt:2}',
    'x_sum gauge {metric_type=timing} {timeUnixNano:7,asDouble:3}',
    'y_value gauge {metric_type=counter} {timeUnixNano:7,asInt:3}',
  ]);
});

test('what only looks like a schema stays what it is', () => {
  const text =
    'net count=3i 1\n' + // no sum
    'a sum=1,count=-2 1\n' + // no count
    'b gauge="x",c=1 1\n' +
    'c 3=1,5=0.5,sum=2,count=4 1\n' + // neither buckets nor quantiles
    'prometheus,le=0.5 x=1 1\n' +
    'prometheus y_count=1,z_sum=2 1\n' +
    'prometheus,quantile=x q=1 1\n';
  assert.deepEqual(points(convert(text)), [
    'net_count gauge {} {timeUnixNano:1,asInt:3}',
    'a_sum gauge {} {timeUnixNano:1,asDouble:1}',
    'a_count gauge {} {timeUnixNano:1,asDouble:-2}',
    'b_c gauge {} {timeUnixNano:1,asDouble:1}',
    'c_3 gauge {} {timeUnixNano:1,asDouble:1}',
    'c_5 gauge {} {timeUnixNano:1,asDouble:0.5}',
    'c_sum gauge {} {timeUnixNano:1,asDouble:2}',
    'c_count gauge {} {timeUnixNano:1,asDouble:4}',
    'x gauge {le=0.5} {timeUnixNano:1,asDouble:1}',
    'prometheus_y_count gauge {} {timeUnixNano:1,asDouble:1}',
    'prometheus_z_sum gauge {} {timeUnixNano:1,asDouble:2}',
    'q gauge {quantile=x} {timeUnixNano:1,asDouble:1}',
  ]);
});

test('one name with two types is two metrics', () => {
  assert.deepEqual(points(convert('m gauge=1 1\nm counter=2 1\nm gauge=3 2')), [
    'm gauge {} {timeUnixNano:1,asDouble:1}',
    'm gauge {} {timeUnixNano:2,asDouble:3}',
    'm sum {} {aggregationTemporality:2,isMonotonic:true,timeUnixNano:1,asDouble:2}',
  ]);
});

test('bad lines are told with their number, good ones are kept', () => {
  const bad: [string, string][] = [
    ['cpu', 'missing fields'],
    ['cpu,host value=1', 'missing tag value'],
    ['cpu,host= value=1', 'missing tag value'],
    ['cpu,=a value=1', 'missing tag key'],
    [',host=a value=1', 'missing measurement'],
    ['cpu,a=1,a=2 value=1', 'duplicate tags'],
    ['cpu value', 'missing field value'],
    ['cpu value=', 'missing field value'],
    ['cpu =1', 'missing field key'],
    ['cpu value=1i5', 'invalid number'],
    ['cpu value=9223372036854775808i', 'invalid number'],
    ['cpu value=-1u', 'invalid number'],
    ['cpu value=1e999', 'invalid number'],
    ['cpu value=truer', 'invalid boolean'],
    ['cpu value=abc', 'invalid field format'],
    ['cpu value=1 12x', 'bad timestamp'],
    ['cpu value=1 99999999999999999999', 'bad timestamp'],
    ['cpu value=1 -5', 'bad timestamp: times before 1970 are not taken'],
    ['cpu value=1 1 2', 'bad timestamp'],
    ['c\x01pu value=1', 'invalid character in a name'],
    [`${'m'.repeat(66_000)} value=1`, 'max key length exceeded: 66000 > 65535'],
    [`m ${'a=1,'.repeat(maxFields)}a=1`, `more than ${maxFields} fields`],
  ];
  for (const [line, reason] of bad) {
    const result = convert(`a v=1 1\n# comment\n\n${line}\nb v=2 2`);
    const [fault] = result.faults;
    assert.deepEqual([fault?.line, fault?.reason], [4, reason], line.slice(0, 40));
    assert.ok(line.startsWith(fault!.text.replace(/\.\.\.$/, '')));
    assert.deepEqual([result.lines, result.badLines, result.faults.length], [3, 1, 1]);
    assert.equal(points(result).length, 2, line.slice(0, 40));
  }
});

test('a tag that comes twice is found among many', () => {
  for (const count of [2, 15, 16, 17, 40]) {
    const tags = Array.from({ length: count }, (_, i) => `t${i}=v`);
    assert.equal(convert(`m,${tags.join()} v=1 1`).badLines, 0);
    for (const twice of [0, count - 1]) {
      const [fault] = convert(`m,${tags.join()},t${twice}=w v=1 1`).faults;
      assert.equal(fault?.reason, 'duplicate tags');
    }
  }
});

test('invalid UTF-8 is refused wherever it stands', () => {
  for (const where of ['\xff,a=b c=1', 'm,\xff=b c=1', 'm,a=\xff c=1', 'm \xff=1', 'm c="\xff"']) {
    const result = convert(Buffer.from(`${where}\nok v=1`, 'latin1'));
    assert.deepEqual([result.badLines, result.faults[0]?.reason], [1, 'invalid UTF-8'], where);
    assert.equal(result.batch?.itemCount, 1);
  }
});

test('of many bad lines the first hundred are told', () => {
  const result = convert('bad\n'.repeat(250));
  assert.deepEqual([result.badLines, result.faults.length, result.batch], [250, 100, undefined]);
});

test('attributes of the request stand in every resource', () => {
  const resource = Buffer.from('0a0a0a0162120' + '50a0378797a', 'hex'); // b = xyz
  assert.deepEqual(points(convert('m v=1 1\nm,host.name=h v=2 1', { resource })), [
    'b=xyz|: m_v gauge {} {timeUnixNano:1,asDouble:1}',
    'host.name=h,b=xyz|: m_v gauge {} {timeUnixNano:1,asDouble:2}',
  ]);
});

test('series and names may be forgotten in between: the points are the same', () => {
  const lines = Array.from(
    { length: 60_000 },
    (_, i) => `m,a=${'x'.repeat(100)}${i} f${i}=${i}i 1`,
  );
  const metrics = new LineMetrics();
  const result = metrics.convert(Buffer.from(lines.join('\n')), request);
  assert.equal(result.badLines, 0);
  assert.ok(result.batch!.ranges().length > 1);
  const all = points(result);
  assert.equal(all.length, lines.length);
  for (const i of [0, 30_000, 59_999]) {
    assert.equal(all[i], `m_f${i} gauge {a=${'x'.repeat(100)}${i}} {timeUnixNano:1,asInt:${i}}`);
  }
  assert.equal(points(metrics.convert(Buffer.from(lines[5]!), request))[0], all[5]);
});

test('metrics out of proportion to their lines, or to memory, are refused', () => {
  const line = `m,a=${'x'.repeat(60_000)} ${'f=1,'.repeat(3000)}f=1`;
  const limit = (name: string) => (error: unknown) =>
    error instanceof LineLimit && error.limit === name;
  assert.throws(() => convert(line), limit('too_large'));
  assert.throws(() => convert('m v=1', { reserve: () => false }), limit('no_memory'));
  const metrics = new LineMetrics();
  assert.throws(() => metrics.convert(Buffer.from(line), request), limit('too_large'));
  assert.equal(points(metrics.convert(Buffer.from('m v=1 1'), request)).length, 1);
});

test('what was reserved is what the batch takes', () => {
  let reserved = 0;
  const reserve = (bytes: number) => {
    reserved += bytes;
    return true;
  };
  const result = convert('m,a=b v=1,w=2i 1\nx gauge=1', { reserve });
  assert.deepEqual([reserved, result.reserved], [result.batch!.byteLength, reserved]);
});

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => {
  return [...text].every((c) => c > '\x1f' && c !== '\x7f' && c !== '\\') && !text.startsWith('#');
});
const escaped = (text: string, tag: boolean) => text.replace(tag ? /[,= ]/g : /[, ]/g, '\\$&');

test('points that are written come back', () => {
  const point = fc.record({
    measurement: name.filter((text) => text !== 'prometheus'),
    tags: fc.uniqueArray(fc.tuple(name, name), { selector: ([key]) => `t${key}`, maxLength: 4 }),
    fields: fc.uniqueArray(fc.tuple(name, fc.maxSafeInteger()), {
      selector: ([key]) => key,
      minLength: 1,
      maxLength: 4,
    }),
    time: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 8 }), (given) => {
      const lines = given.map(({ measurement, tags, fields, time }) => {
        const series = [escaped(measurement, false)];
        for (const [key, value] of tags)
          series.push(`t${escaped(key, true)}=${escaped(value, true)}`);
        const values = fields.map(([key, value]) => `f${escaped(key, true)}=${value}i`);
        return `${series.join(',')} ${values.join(',')} ${time}`;
      });
      const result = convert(lines.join('\n'));
      assert.deepEqual(result.faults, []);
      const want = given.flatMap(({ measurement, tags, fields, time }) => {
        const attributes = tags.map(([key, value]) => `t${key}=${value}`).join(',');
        return fields.map(([key, value]) => {
          const rest = JSON.stringify({ timeUnixNano: String(time), asInt: String(value) });
          return `${measurement}_f${key} gauge {${attributes}} ${rest.replaceAll('"', '')}`;
        });
      });
      assert.deepEqual(points(result).sort(), want.sort());
    }),
    { numRuns: 300 },
  );
});

test('no text makes it throw, and what comes out is valid', () => {
  const metrics = new LineMetrics();
  const pieces = fc.constantFrom(
    'm',
    'prometheus',
    ',a=b',
    ',le=1',
    ' ',
    'x=1',
    ',y_count=2i',
    '\\',
  );
  const more = fc.constantFrom(
    ',count=1,sum=2,0.5=1',
    '="t"',
    '\n',
    '\r\n',
    '#',
    '"',
    ' 1',
    'é',
    '=',
  );
  const text = fc.array(fc.oneof(pieces, more), { maxLength: 40 }).map((list) => list.join(''));
  const input = fc.oneof(
    text.map((one) => Buffer.from(one)),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(input, (bytes) => {
      points(metrics.convert(bytes, request));
    }),
    { numRuns: 1000 },
  );
});

test('a real recording of Telegraf has no bad line', () => {
  const file = join(import.meta.dirname, 'testdata/telegraf.lp');
  const bytes = readFileSync(file);
  const result = convert(bytes);
  const fields = bytes
    .toString()
    .trim()
    .split('\n')
    .flatMap((line) => line.split(' ')[1]!.split(','));
  const numbers = fields.filter((field) => !field.includes('"'));
  assert.equal(result.badLines, 0);
  assert.equal(result.batch?.itemCount, numbers.length);
  assert.equal(result.texts, fields.length - numbers.length);
});
