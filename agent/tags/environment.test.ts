import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEnvironment, parseResourceAttributes } from './environment.ts';

test('only the two variables are read, as whole names, the first of each', () => {
  const bytes = Buffer.from(
    'SECRET=x\0MY_OTEL_SERVICE_NAME=wrong\0OTEL_SERVICE_NAME= shop \0OTEL_SERVICE_NAME=late\0' +
      'OTEL_RESOURCE_ATTRIBUTES=service.namespace=prod,team=a%2Cb\0LAST=OTEL_SERVICE_NAME=no',
  );
  const environment = parseEnvironment(bytes);
  assert.equal(environment.serviceName, 'shop');
  assert.deepEqual(
    [...environment.resourceAttributes],
    [
      ['service.namespace', 'prod'],
      ['team', 'a,b'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(environment), /SECRET|LAST/);
  assert.deepEqual(parseEnvironment(Buffer.alloc(0)).serviceName, '');
});

test('names with control characters are cleaned', () => {
  const { serviceName } = parseEnvironment(Buffer.from('OTEL_SERVICE_NAME=a\u001b[31mb\u202e\n'));
  assert.equal(serviceName, 'a\ufffd[31mb\ufffd\ufffd');
});

test('a malformed list counts as none', () => {
  for (const text of ['novalue', 'a=1,b', '=x', 'a=%zz']) {
    assert.equal(parseResourceAttributes(text).size, 0, text);
  }
});

test('what was encoded is read', () => {
  const name = fc.string({ minLength: 1, maxLength: 20 }).filter((s) => /^[\x21-\x7e]+$/.test(s));
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, name), { selector: ([k]) => k }), (pairs) => {
      const text = pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join(',');
      assert.deepEqual([...parseResourceAttributes(text)], pairs);
    }),
  );
});
