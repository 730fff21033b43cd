import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { background } from '../../component/consumer.ts';
import { parseJson, toJson } from '../../pdata/json.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { factory } from './index.ts';

describe('resource processor', () => {
  it('edits each resource of a batch, also an absent one, and leaves items alone', async () => {
    const text =
      '{"resourceSpans":[' +
      '{"resource":{"attributes":[{"key":"a","value":{"stringValue":"1"}},{"key":"b","value":{}}]},"scopeSpans":[{"spans":[{"name":"x"}]}]},' +
      '{"scopeSpans":[{"spans":[{"name":"y"}]}]}]}';
    const options = config.parse({
      attributes: [
        { key: 'a', action: 'convert', converted_type: 'int' },
        { key: 'b', action: 'delete' },
        { key: 'c', action: 'upsert', value: 'v' },
      ],
    });
    const sink = collectingSink<'traces'>();
    const processor = factory.create('traces', testSettings(), options, sink);
    await processor.start();
    await processor.consume(
      parseJson('traces', new TextEncoder().encode(text)).editable(),
      background,
    );
    await processor.shutdown();
    const c = '{"key":"c","value":{"stringValue":"v"}}';
    assert.equal(
      toJson(sink.batches[0]!),
      `{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"intValue":"1"}},${c}]},"scopeSpans":[{"scope":{},"spans":[{"name":"x"}]}]},` +
        `{"resource":{"attributes":[${c}]},"scopeSpans":[{"scope":{},"spans":[{"name":"y"}]}]}]}`,
    );
  });

  it('refuses configurations without attributes', () => {
    for (const options of [{}, { attributes: [] }, { attributes: [{ key: 'a' }] }, { x: 1 }]) {
      assert.equal(config.safeParse(options).success, false, JSON.stringify(options));
    }
  });
});
