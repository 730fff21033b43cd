import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testSettings } from '../../../testing/settings.ts';
import { collectingSink } from '../../../testing/sinks.ts';
import { factory } from '../index.ts';
import { always } from '../testing/fixture.ts';

test('faults in policies end the start, with the name of the policy', async () => {
  const bad = async (policies: readonly object[], text: RegExp, more: object = {}) => {
    const config = factory.config.parse({ policies, ...more });
    const processor = factory.create('traces', testSettings(), config, collectingSink());
    await assert.rejects(processor.start(), text);
    await processor.shutdown();
  };
  const one = (type: string, keys: object = {}) => [{ name: 'p', type, [type]: keys }];
  await bad([{ type: 'always_sample' }], /policy name cannot be empty/);
  await bad([...always, ...always], /duplicate policy name "all"/);
  await bad(
    one('nonsense'),
    /for "p": unknown sampling policy type nonsense|cannot use "nonsense"/,
  );
  await bad(one('status_code'), /expected at least one status code/);
  await bad(one('status_code', { status_codes: ['BAD'] }), /unknown status code "BAD"/);
  await bad(one('numeric_attribute', { key: 'a' }), /at least one of min_value and max_value/);
  const regex = { key: 'a', values: ['('], enabled_regex_matching: true };
  await bad(one('string_attribute', regex), /invalid regex `\(`/);
  await bad(one('ottl_condition'), /expected at least one OTTL condition/);
  await bad(one('ottl_condition', { span: ['name =='] }), /unable to parse OTTL condition/);
  await bad([{ name: 'p', type: 'latency', latencyy: {} }], /cannot use "latencyy"/);
  const composite = { name: 'x', type: 'not', not: {} };
  await bad(one('composite', { composite_sub_policy: [composite] }), /cannot use "not"/);
  const ingest = { sampling_strategy: 'span-ingest' };
  await bad(one('rate_limiting', { spans_per_second: 1 }), /policy "p" is stateful/, ingest);
  await bad(always, /decision_wait/, { decision_wait: '1000000h' });
});
