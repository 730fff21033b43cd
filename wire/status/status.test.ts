import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Code } from './code.ts';
import { codeOfBareHttp, codeOfHttp, httpStatus } from './http.ts';
import { decodePartialSuccess, partialSuccessOfJson } from './partial-success.ts';
import { decodeStatus, encodeStatus, statusJson } from './status.ts';

test('google.rpc.Status with RetryInfo as protobuf and JSON', () => {
  const status = { code: Code.UNAVAILABLE, message: 'later', retryDelayMs: 1500 };
  const url = Buffer.from('type.googleapis.com/google.rpc.RetryInfo').toString('hex');
  const expected = `080e12056c617465721a360a28${url}120a0a0808011080cab5ee01`;
  assert.equal(encodeStatus(status).toString('hex'), expected);
  assert.equal(
    statusJson(status),
    '{"code":14,"message":"later","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo",' +
      '"retryDelay":"1.5s"}]}',
  );
});

test('a status comes back', () => {
  const delay = fc.option(fc.integer({ min: 0, max: 1e9 }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 16 }),
      fc.string({ unit: 'grapheme' }),
      delay,
      (c, m, d) => {
        const status = {
          code: c as Code,
          message: Buffer.from(m).toString(),
          ...(d === undefined ? {} : { retryDelayMs: d }),
        };
        assert.deepEqual(decodeStatus(encodeStatus(status)), status);
      },
    ),
  );
});

test('random bytes give some status and some answer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      assert.ok(decodeStatus(bytes).code >= 0);
      const partial = decodePartialSuccess(bytes);
      assert.ok(partial === undefined || partial.rejected >= 0);
    }),
    { numRuns: 500 },
  );
});

test('codes and HTTP statuses, both ways', () => {
  const table = [
    200, 503, 500, 400, 503, 500, 500, 403, 429, 500, 503, 503, 404, 500, 503, 503, 401,
  ];
  assert.deepEqual(
    table.map((_, code) => httpStatus(code as Code)),
    table,
  );
  const back = {
    200: 0,
    400: 3,
    401: 16,
    403: 7,
    404: 12,
    429: 8,
    502: 14,
    503: 14,
    504: 14,
    500: 2,
  };
  for (const [status, code] of Object.entries(back)) assert.equal(codeOfHttp(Number(status)), code);
  assert.equal(codeOfBareHttp(404), Code.UNIMPLEMENTED);
  assert.equal(codeOfBareHttp(400), Code.INTERNAL);
});

test('partial success', () => {
  const answer = Buffer.from('0a07080312036c6f67', 'hex');
  assert.deepEqual(decodePartialSuccess(answer), { rejected: 3, message: 'log' });
  assert.equal(decodePartialSuccess(Buffer.from('0a00', 'hex')), undefined);
  assert.equal(decodePartialSuccess(Buffer.alloc(0)), undefined);
  const json = '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"log"}}';
  assert.deepEqual(partialSuccessOfJson(json), { rejected: 3, message: 'log' });
  assert.equal(partialSuccessOfJson('{"partialSuccess":{}}'), undefined);
  assert.equal(partialSuccessOfJson('nonsense'), undefined);
});
