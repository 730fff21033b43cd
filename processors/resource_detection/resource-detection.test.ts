import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { background } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { parseJson, toJson } from '../../pdata/json.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { resourceDetection } from './index.ts';
import { testMachine } from './testing/sources.ts';
import type { Sources } from './world.ts';

/** Sources whose environment can be changed; there is no network. */
function sourcesWith(env: Record<string, string>): Sources {
  return {
    env,
    fetch: () => Promise.reject(new Error('no network')),
    kubernetes: () => Promise.reject(new Error('no cluster')),
    readText: async () => undefined,
    machine: testMachine,
  };
}

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

function spans(resource: object): Uint8Array {
  const scopeSpans = [{ scope: {}, spans: [{ name: 'x' }] }];
  return new TextEncoder().encode(JSON.stringify({ resourceSpans: [{ ...resource, scopeSpans }] }));
}

/** What becomes of a resource. */
async function edited(options: object, env: Record<string, string>, resource: object) {
  const sink = collectingSink<'traces'>();
  const given = config.parse(options);
  const processor = resourceDetection(testSettings(), given, sink, sourcesWith(env));
  await processor.start();
  await processor.consume(parseJson('traces', spans(resource)), background);
  await processor.shutdown();
  const out = JSON.parse(toJson(sink.batches[0]!)) as { resourceSpans: [Record<string, unknown>] };
  const { scopeSpans: _spans, ...rest } = out.resourceSpans[0];
  return rest;
}

const env = { OTEL_RESOURCE_ATTRIBUTES: 'a=new,b=new' };

describe('resources', () => {
  const resource = { resource: { attributes: [attribute('c', '1'), attribute('a', 'old')] } };

  it('what they have is replaced, in its place, and the rest is added', async () => {
    const attributes = [attribute('c', '1'), attribute('a', 'new'), attribute('b', 'new')];
    assert.deepEqual(await edited({}, env, resource), { resource: { attributes } });
  });

  it('override: false keeps what they have', async () => {
    const attributes = [attribute('c', '1'), attribute('a', 'old'), attribute('b', 'new')];
    assert.deepEqual(await edited({ override: false }, env, resource), {
      resource: { attributes },
    });
  });

  it('absent ones are made, with the schema unless they have one', async () => {
    const options = { detectors: ['system'] };
    const attributes = [attribute('host.name', 'host.example.com'), attribute('os.type', 'linux')];
    const schemaUrl = 'https://opentelemetry.io/schemas/1.40.0';
    assert.deepEqual(await edited(options, {}, {}), { resource: { attributes }, schemaUrl });
    assert.deepEqual(await edited(options, {}, { schemaUrl: 'own' }), {
      resource: { attributes },
      schemaUrl: 'own',
    });
  });

  it('lists and numbers are written as such', async () => {
    const wanted = { 'host.ip': { enabled: true }, 'host.cpu.cache.l2.size': { enabled: true } };
    const options = { detectors: ['system'], system: { resource_attributes: wanted } };
    const { resource: out } = await edited(options, {}, {});
    const text = JSON.stringify(out);
    assert.ok(text.includes('"arrayValue":{"values":[{"stringValue":"10.0.0.1"}'), text);
    assert.ok(text.includes('"intValue":"512"'), text);
  });

  it('with nothing found batches pass as they are', async () => {
    const sink = collectingSink<'traces'>();
    const given = config.parse({});
    const processor = resourceDetection(testSettings(), given, sink, sourcesWith({}));
    await processor.start();
    const batch = parseJson('traces', spans({}));
    await processor.consume(batch, background);
    assert.equal(sink.batches[0], batch);
    await processor.shutdown();
  });
});

describe('detection', () => {
  async function names(processor: ReturnType<typeof resourceDetection<'traces'>>, sink: Sink) {
    await processor.consume(parseJson('traces', spans({})), background);
    return toJson(sink.batches.at(-1)!);
  }
  type Sink = ReturnType<typeof collectingSink<'traces'>>;

  it('is made once for the pipelines that share a configuration', async () => {
    const settings = testSettings();
    const given = config.parse({});
    const started = async (own: Settings) => {
      const processor = resourceDetection(own, given, collectingSink<'logs'>(), sourcesWith(env));
      await processor.start();
      return processor;
    };
    const all = await Promise.all([started(settings), started(settings), started(settings)]);
    const lines = settings.logger.lines.filter((line) => /detected/.test(line.message));
    assert.equal(lines.length, 1);
    for (const processor of all) await processor.shutdown();
  });

  it('fails the start when a detector fails until the timeout', async () => {
    const settings = testSettings();
    const given = config.parse({ detectors: ['env', 'consul'], timeout: '4s' });
    const sink = collectingSink<'traces'>();
    const processor = resourceDetection(settings, given, sink, sourcesWith(env));
    const starting = processor.start();
    starting.catch(() => undefined);
    await settings.clock.advance(3900);
    assert.ok(settings.logger.lines.filter((line) => line.level === 'warn').length >= 2);
    await settings.clock.advance(200);
    await assert.rejects(starting, /no network/);
    await processor.shutdown();
    assert.equal(settings.clock.pending, 0);
  });

  it('is made anew in the interval, and what was found stays when it fails', async () => {
    const settings = testSettings();
    const own = { OTEL_RESOURCE_ATTRIBUTES: 'a=1' };
    const given = config.parse({ refresh_interval: '10s', timeout: '2s' });
    const sink = collectingSink<'traces'>();
    const processor = resourceDetection(settings, given, sink, sourcesWith(own));
    await processor.start();
    assert.match(await names(processor, sink), /"stringValue":"1"/);
    own.OTEL_RESOURCE_ATTRIBUTES = 'a=2';
    await settings.clock.advance(10_000);
    assert.match(await names(processor, sink), /"stringValue":"2"/);
    own.OTEL_RESOURCE_ATTRIBUTES = 'broken';
    await settings.clock.advance(13_000);
    assert.match(await names(processor, sink), /"stringValue":"2"/);
    const warned = settings.logger.lines.map((line) => line.message);
    assert.ok(warned.includes('resource refresh failed; keeping previous snapshot'));
    await processor.shutdown();
    await settings.clock.advance(30_000);
    assert.equal(settings.clock.pending, 0);
  });

  it('needs the authenticator that is named', async () => {
    const given = config.parse({ auth: { authenticator: 'basicauth' } });
    const sink = collectingSink<'traces'>();
    const processor = resourceDetection(testSettings(), given, sink, sourcesWith({}));
    await assert.rejects(processor.start(), /authenticator not found/);
    await processor.shutdown();
  });
});

describe('configuration', () => {
  it('names what is at fault', () => {
    const message = (given: object) => config.safeParse(given).error?.issues[0]?.message ?? '';
    assert.match(message({ detectors: ['env', 'nothing'] }), /invalid detector key: nothing/);
    assert.match(message({ attributes: ['a'] }), /attributes/);
    assert.match(message({ ec2: { tags: ['('], tags_from_imds: true } }), /missing closing \)/);
    assert.match(message({ gcp: { labels: ['a'] } }), /not supported/);
    assert.match(message({ ibmcloud_vpc: { protocol: 'ftp' } }), /invalid protocol "ftp"/);
    assert.match(message({ system: { hostname_sources: ['x'] } }), /invalid value: "x"/);
    assert.match(message({ k8snode: { auth_type: 'kubeConfig' } }), /not supported/);
    const cluster = { resource_attributes: { 'k8s.cluster.name': { enabled: true } } };
    assert.equal(message({ eks: cluster }), '');
    assert.equal(message({ detectors: [' env '], lambda: {} }), '');
  });
});
