import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SqlError } from '../../storage/sql.ts';
import { insertError, pipelineError } from './errors.ts';

const failed = (code: number, outcome: 'failed' | 'unknown' = 'failed') =>
  new SqlError('no', { code, retryable: code === 0, outcome, queryId: 'q' });

test('only a block that cannot be read is given up, and only by its INSERT', () => {
  for (const code of [6, 27, 33, 117]) {
    assert.equal(insertError(failed(code), 'insert').retryable, false);
    assert.equal(pipelineError(failed(code), 'look').retryable, true);
  }
  for (const code of [16, 47, 60, 62, 115, 241, 243, 252]) {
    assert.equal(insertError(failed(code), 'insert').retryable, true);
    assert.equal(pipelineError(failed(code), 'look').retryable, true);
  }
});

test('without an answer the outcome is what the client knows of it', () => {
  for (const toError of [insertError, pipelineError]) {
    const lost = toError(failed(0, 'unknown'), 'do it');
    assert.deepEqual([lost.unknownOutcome, lost.retryable], [true, true]);
    assert.match(lost.message, /^cannot do it: no/);
  }
});
