import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { escapeName } from '../exposition/escape.ts';
import { negotiate } from '../exposition/negotiate.ts';
import { plainFloat, shortFloat } from './float-text.ts';
import { labelName } from './label-name.ts';
import { metricName, type NamedKind, TranslationFault } from './metric-name.ts';
import { prometheusUnit } from './units.ts';

describe('metric names', () => {
  const f = (want: string, name: string, unit: string, kind: NamedKind, namespace = ''): void => {
    it(`${name} [${unit}] ${kind} is ${want}`, () => {
      const rules = { namespace, suffixes: true, utf8: false };
      assert.equal(metricName(rules, name, unit, kind), want);
    });
  };
  f('http_requests_total', 'http.requests', '1', 'counter');
  f('http_requests_total', 'http.total.requests', '', 'counter');
  f('memory_usage_ratio', 'memory.usage', '1', 'gauge');
  f('disk_io_bytes_total', 'disk.io', 'By', 'counter');
  f('disk_bytes_io', 'disk.bytes.io', 'By', 'gauge');
  f('net_bytes_per_second', 'net', 'By/s', 'gauge');
  f('requests', 'requests', '{request}', 'gauge');
  f('speed_per_second', 'speed', '/s', 'gauge');
  f('speed_meters_per_hour', 'speed', 'm/h', 'gauge');
  f('_9lives', '9lives', '', 'gauge');
  f('ns_9lives', '9lives', '', 'gauge', 'ns');
  f('a_b', '__a...b__', '', 'gauge');
  f('x_percent', 'x', '%', 'gauge');
  f('x_foo_bar', 'x', 'foo__bar', 'gauge');

  it('has names that cannot be', () => {
    const rules = { namespace: '', suffixes: true, utf8: false };
    assert.throws(() => metricName(rules, '...', '', 'gauge'), /resulted in empty name/);
    const plain = { ...rules, suffixes: false };
    assert.throws(() => metricName(plain, '.__.', '', 'gauge'), /invalid name "__"/);
  });

  it('is always a name, or a fault', () => {
    const kind = fc.constantFrom<NamedKind>('gauge', 'counter', 'other');
    fc.assert(
      fc.property(fc.string(), fc.string(), kind, fc.boolean(), (name, unit, of, suffixes) => {
        try {
          const rules = { namespace: '', suffixes, utf8: false };
          assert.match(metricName(rules, name, unit, of), /^[a-zA-Z_:][a-zA-Z0-9_:]*$/);
        } catch (error) {
          assert.ok(error instanceof TranslationFault);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('label names', () => {
  const f = (want: string, key: string, keyBeforeUnderscore = false, keepUnderscores = false) =>
    it(`${key} is ${want}`, () => {
      const rules = { utf8: false, keyBeforeUnderscore, keepUnderscores };
      assert.equal(labelName(rules, key), want);
    });
  f('http_method', 'http.method');
  f('key_1a', '1a');
  f('key_a', '_a', true);
  f('_a', '_a');
  f('a_b', 'a..b');
  f('a__b', 'a..b', false, true);
  f('__a_b__', '__a..b__');
  it('cannot be empty or nothing but underscores', () => {
    const rules = { utf8: false, keyBeforeUnderscore: false, keepUnderscores: false };
    for (const key of ['', '...', '_'])
      assert.throws(() => labelName(rules, key), TranslationFault);
  });
});

describe('numbers', () => {
  const f = (value: number, short: string, plain: string): void => {
    it(`${value} is ${short}, ${plain}`, () => {
      assert.equal(shortFloat(value), short);
      assert.equal(plainFloat(value), plain);
    });
  };
  f(0, '0', '0');
  f(-0, '-0', '-0');
  f(100000, '100000', '100000');
  f(1e6, '1e+06', '1000000');
  f(123456789, '1.23456789e+08', '123456789');
  f(1e21, '1e+21', '1000000000000000000000');
  f(0.0001, '0.0001', '0.0001');
  f(0.00001, '1e-05', '0.00001');
  f(-1.5e-7, '-1.5e-07', '-0.00000015');
  f(1.5e300, '1.5e+300', `15${'0'.repeat(299)}`);
  f(Number.NaN, 'NaN', 'NaN');
  f(Number.NEGATIVE_INFINITY, '-Inf', '-Inf');
  it('are read back as they were', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        assert.equal(Number(shortFloat(value)), value);
        assert.equal(Number(plainFloat(value)), value);
      }),
    );
  });
});

it('units are words', () => {
  assert.equal(prometheusUnit('By/s', false), 'bytes_per_second');
  assert.equal(prometheusUnit('{x}/s', false), 'per_second');
  assert.equal(prometheusUnit('1', false), '');
});

describe('escaping', () => {
  const f = (name: string, underscores: string, dots: string, values: string): void => {
    it(name, () => {
      assert.equal(escapeName(name, 'underscores'), underscores);
      assert.equal(escapeName(name, 'dots'), dots);
      assert.equal(escapeName(name, 'values'), values);
      assert.equal(escapeName(name, 'allow-utf-8'), name);
    });
  };
  f('plain_name', 'plain_name', 'plain_name', 'plain_name');
  f('a.b_c', 'a_b_c', 'a_dot_b__c', 'U__a_2e_b__c');
  f('1é', '__', '____', 'U___31__e9_');
});

describe('negotiation', () => {
  const f = (accept: string, open: boolean, want: string): void => {
    it(`${accept || 'nothing'} is answered with ${want}`, () => {
      assert.equal(negotiate(accept, open).contentType, want);
    });
  };
  const text = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';
  f('', true, text);
  f('*/*', true, text);
  f('application/openmetrics-text', false, text);
  f('text/plain;version=1.0.0', true, text);
  f(
    'text/plain;q=0.5, application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.9',
    true,
    'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
  );
  f('application/openmetrics-text;version=9.0.0;q=0.9', true, text);
  f('text/html, application/xml;q=x', true, text);
});
