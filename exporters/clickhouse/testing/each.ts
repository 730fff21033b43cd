import assert from 'node:assert/strict';
import { afterEach, beforeEach } from 'node:test';
import { PipelineError } from '../../../component/errors.ts';
import type { Attempt } from '../../../pipeline/exporter.ts';
import { FakeClickHouse } from './fake-clickhouse.ts';

/** A new server for each test of the file, or of the `describe` that this is called in. */
export function fakeForEach(): { readonly server: FakeClickHouse; readonly url: string } {
  const fake = { server: new FakeClickHouse(), url: '' };
  beforeEach(async () => {
    fake.server = new FakeClickHouse();
    fake.url = await fake.server.start();
  });
  afterEach(() => fake.server.stop());
  return fake;
}

/** The first attempt, which nobody ends. */
export const first: Attempt = {
  number: 1,
  previousUnknown: false,
  deadlineMs: Number.POSITIVE_INFINITY,
};

/** What an attempt was rejected with. */
export async function failure(attempt: Promise<void>): Promise<PipelineError> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PipelineError, `rejected with ${error}`);
  return error;
}
