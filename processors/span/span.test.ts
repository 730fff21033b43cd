import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import { type AttributeValue, Double, TracesBuilder } from '../../pdata/builder.ts';
import { decodeTraces } from '../../pdata/objects/index.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, retryable } from '../../testing/sinks.ts';
import { factory } from './index.ts';

function oneSpan(name: string, attributes: Record<string, AttributeValue> = {}) {
  const builder = new TracesBuilder();
  builder.resource({ 'service.name': 'shop' });
  builder.scope('lib');
  builder.span({
    traceId: Buffer.alloc(16, 1),
    spanId: Buffer.alloc(8, 2),
    name,
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
    statusCode: 2,
    statusMessage: 'before',
    attributes,
  });
  return builder.finish();
}

async function run(given: unknown, batch: ReturnType<typeof oneSpan>) {
  const sink = collectingSink<'traces'>();
  const config = factory.config.parse(given);
  factory.check!('traces', config);
  const processor = factory.create('traces', testSettings(), config, sink);
  await processor.consume(batch.editable(), background);
  return decodeTraces(sink.batches[0]!)[0]!.scopes[0]!.items[0]!;
}

test('a name of attributes, where all of them are there', async () => {
  const name = { from_attributes: ['a', 'b', 'c', 'd', 'e'], separator: '::' };
  const attributes = { a: 'x', b: 5, c: true, d: new Double(1.5), e: [1] };
  const span = await run({ name }, oneSpan('old', attributes));
  assert.equal(span.name, 'x::5::true::1.5::<unknown-attribute-type>');
  assert.equal((await run({ name }, oneSpan('old', { a: 'x' }))).name, 'old');
});

test('attributes of a name', async () => {
  const rules = ['^/doc/(?P<id>.*)/(?P<what>\\w+)$', '^/(?P<first>\\w+)/'];
  const span = await run({ name: { to_attributes: { rules } } }, oneSpan('/doc/42/update'));
  assert.equal(span.name, '/{first}/{id}/{what}');
  assert.deepEqual(Object.fromEntries(span.attributes), { id: '42', what: 'update', first: 'doc' });
  const kept = { rules, break_after_match: true, keep_original_name: true };
  const other = await run({ name: { to_attributes: kept } }, oneSpan('/doc/42/update'));
  assert.equal(other.name, '/doc/42/update');
  assert.deepEqual([...other.attributes.keys()], ['id', 'what']);
});

test('a group that took no part is an empty attribute', async () => {
  const rules = ['^(?P<a>x)?(?P<b>y)(z)'];
  const span = await run({ name: { to_attributes: { rules } } }, oneSpan('yz!'));
  assert.equal(span.name, '{b}{}!');
  assert.deepEqual(Object.fromEntries(span.attributes), { a: '', b: 'y', '': 'z' });
});

test('the status is set, its message too', async () => {
  const status = async (given: object) => (await run({ status: given }, oneSpan('x'))).status;
  assert.deepEqual({ ...(await status({ code: 'Ok' })) }, { code: 1, message: '' });
  assert.deepEqual({ ...(await status({ code: 'Unset' })) }, { code: 0, message: '' });
  const bad = { code: 'Error', description: 'bad' };
  assert.deepEqual({ ...(await status(bad)) }, { code: 2, message: 'bad' });
});

test('include and exclude choose', async () => {
  const status = { code: 'Ok' };
  const chosen = async (choice: object) =>
    (await run({ status, ...choice }, oneSpan('x'))).status.code === 1;
  assert.equal(await chosen({ include: { match_type: 'strict', services: ['shop'] } }), true);
  assert.equal(await chosen({ include: { match_type: 'regexp', span_names: ['y'] } }), false);
  assert.equal(await chosen({ exclude: { match_type: 'regexp', span_names: ['x'] } }), false);
});

test('what the next refuses is refused', async () => {
  const sink = collectingSink<'traces'>();
  sink.failures.push(retryable());
  const config = factory.config.parse({ status: { code: 'Ok' } });
  const processor = factory.create('traces', testSettings(), config, sink);
  await assert.rejects(processor.consume(oneSpan('x').editable(), background), /try later/);
});

test('configurations that cannot be used are refused by their keys', () => {
  const bad = (given: unknown, text: RegExp) =>
    assert.throws(() => factory.check!('traces', factory.config.parse(given)), text);
  bad({}, /from_attributes/);
  bad({ name: { to_attributes: { rules: [] } } }, /to_attributes/);
  bad({ name: { to_attributes: { rules: ['('] } } }, /invalid regexp pattern \(/);
  bad({ status: { code: 'ok' } }, /"status" must have specified "code"/);
  bad({ status: { code: 'Ok', description: 'x' } }, /"description" can be specified only/);
  bad({ status: { code: 'Ok' }, include: {} }, /at least one of/);
});
