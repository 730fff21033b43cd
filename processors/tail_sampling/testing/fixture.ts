import assert from 'node:assert/strict';
import { background, type Consumer } from '../../../component/consumer.ts';
import type { Traces } from '../../../pdata/batch.ts';
import { TracesBuilder } from '../../../pdata/builder.ts';
import { toJson } from '../../../pdata/json.ts';
import { type TestSettings, testSettings } from '../../../testing/settings.ts';
import { collectingSink } from '../../../testing/sinks.ts';
import { factory } from '../index.ts';

export interface TestSpan {
  readonly trace: number;
  readonly name?: string;
  readonly parent?: boolean;
  readonly ms?: number;
  readonly error?: boolean;
  readonly attributes?: Record<string, string | bigint | boolean>;
}

const traceId = (n: number) => {
  const id = Buffer.alloc(16, 0xab);
  id.writeUInt32BE(n, 12);
  return id;
};

/** A request with the given spans, those of a service side by side. */
export function spans(list: readonly TestSpan[], service = 'svc'): Traces {
  const builder = new TracesBuilder();
  builder.resource({ 'service.name': service });
  builder.scope('lib', '1');
  const start = 1_700_000_000_000_000_000n;
  list.forEach((span, i) => {
    const spanId = Buffer.alloc(8, 1);
    spanId.writeUInt32BE(i, 4);
    builder.span({
      traceId: traceId(span.trace),
      spanId,
      ...(span.parent === false ? {} : { parentSpanId: Buffer.alloc(8, 7) }),
      name: span.name ?? `s${i}`,
      startTimeUnixNano: start,
      endTimeUnixNano: start + BigInt(span.ms ?? 1) * 1_000_000n,
      ...(span.error ? { statusCode: 2 } : {}),
      ...(span.attributes ? { attributes: span.attributes } : {}),
    });
  });
  return builder.finish();
}

/** Names of the spans in the batches of a sink, with their traces. */
export function names(batches: readonly Traces[]): string[] {
  return batches.flatMap((batch) => {
    const json = JSON.parse(toJson(batch)) as {
      resourceSpans: { scopeSpans: { spans: { traceId: string; name: string }[] }[] }[];
    };
    return json.resourceSpans.flatMap((r) =>
      r.scopeSpans.flatMap((s) =>
        s.spans.map((span) => `${Number.parseInt(span.traceId.slice(24), 16)}:${span.name}`),
      ),
    );
  });
}

/** A running processor between a source and a sink, with its books. */
export async function started(given: unknown, settings: TestSettings = testSettings()) {
  const sink = collectingSink<'traces'>();
  const { book } = settings;
  book.node('source', 'source');
  const next: Consumer<'traces'> = book.edge('test', 'sink', sink);
  book.node('sink', 'source');
  const processor = factory.create('traces', settings, factory.config.parse(given), next);
  await processor.start();
  const entry = book.edge('source', 'test', processor);
  const send = (list: readonly TestSpan[], service?: string) =>
    entry.consume(spans(list, service), background);
  const stop = async () => {
    await processor.shutdown();
    assert.equal(settings.budget.used, 0);
    assert.equal(settings.clock.pending, 0);
    assert.deepEqual(book.check(), []);
  };
  return { settings, sink, processor, send, stop, names: () => names(sink.batches) };
}

export const always = [{ name: 'all', type: 'always_sample' }];
export const errors = [
  { name: 'e', type: 'status_code', status_code: { status_codes: ['ERROR'] } },
];
export const prefix = 'otelcol_processor_tail_sampling_';
