import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import fc from 'fast-check';
import { fakeClock } from '../../testing/clock.ts';
import { testSettings } from '../../testing/settings.ts';
import { strategyProto } from './answer.ts';
import { config } from './config.ts';
import { RemoteSampling } from './extension.ts';
import { readStrategies } from './strategies.ts';

const text = JSON.stringify({
  default_strategy: {
    type: 'probabilistic',
    param: 0.5,
    operation_strategies: [{ operation: '/health', type: 'probabilistic', param: 0 }],
  },
  service_strategies: [
    {
      service: 'foo',
      type: 'probabilistic',
      param: 0.8,
      operation_strategies: [
        { operation: 'op1', type: 'probabilistic', param: 0.2 },
        { operation: 'op2', type: 'ratelimiting', param: 9 },
      ],
    },
    { service: 'bar', type: 'ratelimiting', param: 5.9 },
    { service: 'plain', type: 'probabilistic', param: 0.1 },
    { service: 'odd', type: 'guess' },
  ],
});

async function start(t: TestContext, content = text, keys: object = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sampling-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'strategies.json');
  writeFileSync(file, content);
  const clock = fakeClock();
  const settings = testSettings({ id: 'jaeger_remote_sampling', clock });
  const given = config.parse({
    http: { endpoint: '127.0.0.1:0' },
    grpc: { endpoint: '127.0.0.1:0' },
    source: { file, ...keys },
  });
  const extension = new RemoteSampling(settings, given);
  await extension.start();
  t.after(() => extension.shutdown());
  const [http, grpc] = extension.addresses.map((address) => (address as AddressInfo).port);
  const ask = async (query: string) => {
    const answer = await fetch(`http://127.0.0.1:${http}/sampling${query}`);
    return { status: answer.status, text: await answer.text() };
  };
  return { ask, grpc, file, clock, settings };
}

const health = { operation: '/health', probabilisticSampling: { samplingRate: 0 } };

test('strategies by service over HTTP', async (t) => {
  const { ask } = await start(t);
  const of = async (service: string) => JSON.parse((await ask(`?service=${service}`)).text);
  assert.deepEqual(await of('foo'), {
    strategyType: 'PROBABILISTIC',
    probabilisticSampling: { samplingRate: 0.8 },
    operationSampling: {
      defaultSamplingProbability: 0.8,
      perOperationStrategies: [
        { operation: 'op1', probabilisticSampling: { samplingRate: 0.2 } },
        health,
      ],
    },
  });
  assert.deepEqual(await of('bar'), {
    strategyType: 'RATE_LIMITING',
    rateLimitingSampling: { maxTracesPerSecond: 5 },
  });
  assert.deepEqual((await of('plain')).operationSampling, {
    defaultSamplingProbability: 0.1,
    perOperationStrategies: [health],
  });
  assert.deepEqual((await of('odd')).probabilisticSampling, { samplingRate: 0.001 });
  assert.deepEqual((await of('else')).probabilisticSampling, { samplingRate: 0.5 });
  assert.deepEqual(await ask(''), {
    status: 400,
    text: "'service' parameter must be provided\n",
  });
});

test('the same over gRPC', async (t) => {
  const { grpc } = await start(t);
  const client = new Client(`127.0.0.1:${grpc}`, credentials.createInsecure());
  t.after(() => client.close());
  const same = (bytes: Buffer): Buffer => bytes;
  const call = (message: Buffer) =>
    new Promise<Buffer | ServiceError>((resolve) => {
      const path = '/jaeger.api_v2.SamplingManager/GetSamplingStrategy';
      client.makeUnaryRequest(path, same, same, message, new Metadata(), (error, answer) =>
        resolve(error ?? answer ?? Buffer.alloc(0)),
      );
    });
  const answer = await call(Buffer.from('0a03626172', 'hex'));
  assert.deepEqual(answer, Buffer.from('08011a020805', 'hex'));
  const bad = await call(Buffer.from('0a09', 'hex'));
  assert.match(String(bad), /INVALID_ARGUMENT/);
});

test('the file is read again; a bad one changes nothing', async (t) => {
  const { ask, file, clock, settings } = await start(t, 'null', { reload_interval: '1s' });
  const rate = async () => JSON.parse((await ask('?service=x')).text).probabilisticSampling;
  assert.deepEqual(await rate(), { samplingRate: 0.001 });
  const until = async (wanted: () => Promise<boolean>) => {
    for (let i = 0; i < 200; i += 1) {
      clock.advance(1000);
      if (await wanted()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.fail('it did not come');
  };
  writeFileSync(file, text);
  await until(async () => (await rate()).samplingRate === 0.5);
  writeFileSync(file, '{');
  await until(async () => settings.logger.lines.some(({ level }) => level === 'error'));
  assert.deepEqual(await rate(), { samplingRate: 0.5 });
});

test('a file that is not there, or no strategies, is refused at start', async (t) => {
  await assert.rejects(start(t, '['), /cannot read strategies: /);
  await assert.rejects(start(t, '{"service_strategies":[{"param":"x"}]}'), /service_strategies\.0/);
  const missing = config.parse({ source: { file: join(tmpdir(), 'no-such-strategies.json') } });
  const extension = new RemoteSampling(testSettings({ id: 'x' }), missing);
  await assert.rejects(extension.start(), /failed to read strategies file .*ENOENT/);
});

test('configuration', () => {
  const fault = (given: object) => config.safeParse(given).error?.issues[0]?.message;
  assert.match(fault({}) ?? '', /no sources specified/);
  assert.match(fault({ source: { file: 'a', remote: {} } }) ?? '', /too many sources/);
  assert.match(fault({ source: { remote: { endpoint: 'a:1' } } }) ?? '', /not served here/);
  const off = { http: { enabled: false }, grpc: { enabled: false }, source: { file: 'a' } };
  assert.match(fault(off) ?? '', /no protocols selected/);
  assert.equal(fault({ source: { file: 'a' } }), undefined);
});

test('any JSON is strategies or a fault', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      try {
        const { fallback } = readStrategies(json, () => undefined);
        strategyProto(fallback);
      } catch (error) {
        assert.match(String(error), /cannot read strategies/);
      }
    }),
  );
});
