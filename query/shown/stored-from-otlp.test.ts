import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '../../pdata/wire-error.ts';
import { otlpJsonTraces } from './stored-from-otlp.ts';

test('a file that is no OTLP/JSON is refused with the place', () => {
  for (const [body, message] of [
    ['', /^cannot read JSON request at byte 0/],
    ['[]', /^cannot read JSON request at byte 0: expected '\{'/],
    ['{"resourceSpans": 3}', /resourceSpans at byte 18: expected '\['/],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}', /'zz' is not hex/],
  ] as const) {
    const read = () => otlpJsonTraces(Buffer.from(body));
    assert.throws(read, (error) => error instanceof WireError && message.test(error.message));
  }
  assert.deepEqual(otlpJsonTraces(Buffer.from('{}')), []);
});
