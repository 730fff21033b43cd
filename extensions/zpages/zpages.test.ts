import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import type { SpanView } from '../../component/view.ts';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { realTimeSettings, testView } from '../../testing/settings.ts';
import { escapeHtml, link, table } from './html.ts';
import { factory } from './index.ts';

test('pages', async () => {
  const settings = realTimeSettings(systemClock, { id: 'zpages' });
  const view = testView({
    pipelines: () => [
      {
        id: 'traces/<b>',
        receivers: ['otlp'],
        processors: ['batch/a&b'],
        exporters: ['nop'],
        connectors: ['nop'],
        mutates: true,
      },
    ],
    statuses: () => [
      {
        kind: 'processor',
        id: 'batch/a&b',
        pipelines: ['traces/<b>'],
        status: 'StatusPermanentError',
        error: '<script>',
        sinceUnixMs: 0,
      },
    ],
    gates: () => [
      {
        id: 'a.b',
        enabled: true,
        stage: 'Beta',
        description: 'x',
        from: 'v1',
        to: '',
        reference: 'https://r',
      },
    ],
    config: async () => '{"processors":{"batch/a&b":{"timeout":5}},"extensions":{"zpages":{}}}',
  });
  const own = { ...settings, host: { ...settings.host, view } };
  const given = factory.config.parse({ endpoint: '127.0.0.1:0', expvar: { enabled: true } });
  const extension = factory.create(own, given);
  await extension.start();
  try {
    const { port } = settings.logger.lines.at(-1)!.fields.address as AddressInfo;
    const ask = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}/debug/${path}`);
      return [response.status, await response.text()] as const;
    };
    const [status, service] = await ask('servicez');
    assert.equal(status, 200);
    assert.match(service, /0\.0\.0-test/);
    const [, pipelines] = await ask('pipelinez');
    assert.match(pipelines, /<td>traces\/&lt;b&gt;<\/td><td>traces<\/td><td>true<\/td>/);
    const href = /href="([^"]*batch[^"]*)"/.exec(pipelines)![1]!.replaceAll('&amp;', '&');
    const [, processor] = await ask(`pipelinez${href}`);
    assert.match(processor, /StatusPermanentError/);
    assert.match(processor, /&quot;timeout&quot;: 5/);
    assert.doesNotMatch(processor, /<script>/);
    assert.match((await ask('extensionz?zextensionname=zpages'))[1], /extension zpages/);
    assert.match((await ask('featurez'))[1], /<td>a\.b<\/td><td>true<\/td>.*<td>https:\/\/r<\/td>/);
    assert.match(pipelines, />nop \(connector\)<\/a>/);
    const { memstats } = JSON.parse((await ask('expvarz'))[1]) as { memstats: object };
    assert.deepEqual(Object.keys(memstats), ['HeapAlloc', 'HeapSys', 'Sys']);
    assert.deepEqual(await ask('tracez'), [404, '404 page not found\n']);
  } finally {
    await extension.shutdown();
  }
});

test('own spans by name and latency', async () => {
  const settings = realTimeSettings(systemClock, { id: 'zpages' });
  let end: (span: SpanView) => void = () => assert.fail('nobody listens');
  const ids = { traceId: 'ab', spanId: 'cd', parentSpanId: '', startUnixMs: 0 };
  const attributes = new Map([['<k>', 5]]);
  const view = testView({
    runningSpans: () => [{ ...ids, name: 'b', durationMs: 0, error: undefined, attributes }],
    watchSpans: (ended) => {
      end = ended;
      return () => undefined;
    },
  });
  const own = { ...settings, host: { ...settings.host, view } };
  const extension = factory.create(own, factory.config.parse({ endpoint: '127.0.0.1:0' }));
  await extension.start();
  try {
    const { port } = settings.logger.lines.at(-1)!.fields.address as AddressInfo;
    end({ ...ids, name: 'a', durationMs: 5, error: undefined, attributes });
    end({ ...ids, name: 'a', durationMs: 1e9, error: undefined, attributes });
    end({ ...ids, name: 'a', durationMs: 5, error: 'bad & worse', attributes });
    const ask = async (query: string) =>
      (await fetch(`http://127.0.0.1:${port}/debug/tracez${query}`)).text();
    const cells = [...(await ask('')).matchAll(/<td>(?:<a [^>]*>)?([^<]*)/g)].map(([, t]) => t);
    assert.deepEqual(cells, [
      ...['a', '0', '0', '0', '0', '1', '0', '0', '0', '0', '1', '1'],
      ...['b', '1', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0'],
    ]);
    assert.match(await ask('?zspanname=a&ztype=2'), /bad &amp; worse/);
    assert.match(await ask('?zspanname=b&ztype=0'), /b: running, 1 spans.*&lt;k&gt;=5/s);
    assert.match(await ask('?zspanname=a&ztype=1&zlatencybucket=3'), /<td>5ms<\/td>.*&lt;k&gt;=5/s);
    assert.doesNotMatch(await ask('?zspanname=b&ztype=1&zlatencybucket=99'), /&lt;k&gt;/);
  } finally {
    await extension.shutdown();
  }
});

test('nothing gets out of its place in a page', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const inside = table([text], [[text, link('', { a: text }, text)]]).text;
      const tags = inside.match(/<[^>]*>/g)!.map((tag) => tag.replace(/ .*/, '>'));
      const expected = '<table><tr><th></th></tr><tr><td></td><td><a></a></td></tr></table>';
      assert.equal(tags.join(''), expected);
      assert.doesNotMatch(escapeHtml(text), /[<>"']/);
    }),
  );
});

test('configuration', () => {
  const message = (given: object) => factory.config.safeParse(given).error?.issues[0]?.message;
  assert.equal(message({}), undefined);
  assert.match(message({ endpoint: '' }) ?? '', /"endpoint" is required/);
});
