/** Metrics, logs and events. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { browserErrorTranslator, browserTranslator } from './browser.ts';
import { attachedEventTranslator, eventTranslator, propertiesTranslator } from './events.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import { Instances } from './instances.ts';
import { logTranslator } from './log.ts';
import { meshTranslator } from './mesh.ts';
import { meterBatchTranslator, meterTranslator } from './meters.ts';
import { clrTranslator, jvmTranslator } from './runtimes.ts';
import { nowMs, plain, proto, translate } from './testing.ts';

const time = nowMs - 5000;
const now = `${nowMs}000000`;
const then = `${time}000000`;

interface Point {
  readonly attributes?: Parameters<typeof plain>[0];
  readonly asInt?: string;
  readonly asDouble?: number;
  readonly timeUnixNano: string;
}

interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly gauge?: { readonly dataPoints: Point[] };
  readonly sum?: { readonly dataPoints: Point[]; aggregationTemporality: number };
}

/** Metrics by name: kind, unit, and each point's attributes and value. */
function summary(metrics: readonly Metric[]): Record<string, unknown[]> {
  return Object.fromEntries(
    metrics.map(({ name, unit, gauge, sum }) => {
      const kind =
        gauge === undefined ? ['', 'delta', 'cumulative'][sum!.aggregationTemporality] : 'gauge';
      const points = (gauge ?? sum!).dataPoints.map(
        ({ attributes, asInt, asDouble, timeUnixNano }) => {
          assert.equal(timeUnixNano, then);
          return [...Object.values(plain(attributes)), asInt ?? asDouble].join(' ');
        },
      );
      return [name, [kind, unit, ...points]];
    }),
  );
}

describe('runtimes', () => {
  const usage = { init: 1, max: -1, used: '3', committed: 4 };

  it('of Java', () => {
    const message = proto('JvmMetrics', {
      service: 'svc',
      serviceInstance: 'one',
      metrics: [
        {
          time,
          cpu: { usagePercent: 12.5 },
          memory: [
            { isHeap: true, ...usage },
            { isHeap: false, ...usage },
          ],
          memoryPool: [
            { type: 'NEWGEN_USAGE', ...usage },
            { type: 'METASPACE_USAGE', ...usage },
          ],
          gc: [
            { phase: 'NEW', count: 2, time: 30 },
            { phase: 'OLD', count: 0, time: 0 },
          ],
          thread: {
            liveCount: 10,
            daemonCount: 4,
            peakCount: 12,
            runnableStateThreadCount: 5,
            blockedStateThreadCount: 0,
            waitingStateThreadCount: 3,
            timedWaitingStateThreadCount: 2,
          },
          clazz: { loadedClassCount: 7, totalLoadedClassCount: 9, totalUnloadedClassCount: 2 },
        },
      ],
    });
    const metrics = translate(jvmTranslator(new Instances()), [message]);
    assert.deepEqual(metrics[0].resource, { 'service.name': 'svc', 'service.instance.id': 'one' });
    const pools = (value: number) => [
      `NEWGEN_USAGE heap ${value}`,
      `METASPACE_USAGE non_heap ${value}`,
    ];
    const heaps = (value: number) => [`heap ${value}`, `non_heap ${value}`];
    assert.deepEqual(summary(metrics), {
      'sw.jvm.gc.count': ['delta', '{collection}', 'NEW 2', 'OLD 0'],
      'sw.jvm.gc.duration': ['delta', 'ms', 'NEW 30', 'OLD 0'],
      'jvm.memory.init': ['gauge', 'By', ...pools(1)],
      'jvm.memory.used': ['gauge', 'By', ...pools(3)],
      'jvm.memory.max': ['gauge', 'By', ...pools(-1)],
      'jvm.memory.committed': ['gauge', 'By', ...pools(4)],
      'sw.jvm.memory.init': ['gauge', 'By', ...heaps(1)],
      'sw.jvm.memory.used': ['gauge', 'By', ...heaps(3)],
      'sw.jvm.memory.max': ['gauge', 'By', ...heaps(-1)],
      'sw.jvm.memory.committed': ['gauge', 'By', ...heaps(4)],
      'jvm.thread.count': [
        'gauge',
        '{thread}',
        'live false 10',
        'daemon true 4',
        'peak false 12',
        'runnable false 5',
        'blocked false 0',
        'waiting false 3',
        'time_waiting false 2',
      ],
      'jvm.cpu.recent_utilization': ['gauge', '1', '0.125'],
      'jvm.class.count': ['gauge', '{class}', '7'],
      'jvm.class.loaded': ['cumulative', '{class}', '9'],
      'jvm.class.unloaded': ['cumulative', '{class}', '2'],
    });
  });

  it('of .NET', () => {
    const message = proto('ClrMetrics', {
      service: 'svc',
      metrics: [
        {
          time,
          cpu: { usagePercent: 50 },
          gc: { Gen0CollectCount: 3, Gen1CollectCount: 2, Gen2CollectCount: 1, HeapMemory: 1000 },
          thread: {
            AvailableCompletionPortThreads: 1,
            AvailableWorkerThreads: 2,
            MaxCompletionPortThreads: 3,
            MaxWorkerThreads: 4,
          },
        },
      ],
    });
    assert.deepEqual(summary(translate(clrTranslator(new Instances()), [message])), {
      'sw.clr.cpu.utilization': ['gauge', '1', '0.5'],
      'sw.clr.gc.collections': ['delta', '{collection}', 'gen0 3', 'gen1 2', 'gen2 1'],
      'sw.clr.gc.heap': ['gauge', 'By', '1000'],
      'sw.clr.thread_pool.available': ['gauge', '{thread}', 'worker 2', 'completion_port 1'],
      'sw.clr.thread_pool.max': ['gauge', '{thread}', 'worker 4', 'completion_port 3'],
    });
  });

  it('with a time that is none are not taken', () => {
    const message = proto('JvmMetrics', { service: 's', metrics: [{ time }, { time: -1 }] });
    assert.throws(
      () => translate(jvmTranslator(new Instances()), [message]),
      /time of a metric -1 ms/,
    );
  });
});

describe('meters', () => {
  const labels = [{ name: 'l', value: 'v' }];
  const first = {
    service: 'svc',
    serviceInstance: 'one',
    timestamp: time,
    singleValue: { name: 'a', labels, value: 1.5 },
  };

  it('of a stream are of the instance and time of the first', () => {
    const second = { singleValue: { name: 'b', value: 2 } };
    const metrics = translate(
      meterTranslator(new Instances()),
      [first, second].map((meter) => proto('Meter', meter)),
    );
    assert.deepEqual(summary(metrics), {
      a: ['gauge', undefined, 'v 1.5'],
      b: ['gauge', undefined, '2'],
    });
    assert.deepEqual(metrics[1].resource, { 'service.name': 'svc', 'service.instance.id': 'one' });
  });

  it('in batches stand for themselves', () => {
    const other = { service: 'other', singleValue: { name: 'b', value: 2 } };
    const metrics = translate(meterBatchTranslator(new Instances()), [
      proto('Meters', { meterData: [first] }),
      proto('Meters', { meterData: [other] }),
    ]);
    assert.equal(metrics[0].resource['service.instance.id'], 'one');
    assert.deepEqual(metrics[1].resource, { 'service.name': 'other' });
    assert.equal(metrics[1].gauge.dataPoints[0].timeUnixNano, now);
  });

  it('that are histograms have upper bounds', () => {
    const values = [
      { bucket: 10, count: 4 },
      { bucket: 0, count: 1 },
      { bucket: 5, count: '2' },
    ];
    const histogram = { name: 'h', labels, values };
    const [metric] = translate(meterTranslator(new Instances()), [
      proto('Meter', { ...first, singleValue: undefined, histogram }),
    ]);
    assert.equal(metric.histogram.aggregationTemporality, 2);
    const [point] = metric.histogram.dataPoints;
    assert.deepEqual(point.explicitBounds, [5, 10]);
    assert.deepEqual(point.bucketCounts, ['1', '2', '4']);
    assert.equal(point.count, '7');
    assert.deepEqual(plain(point.attributes), { l: 'v' });
  });

  it('that make no sense are not taken', () => {
    const bad = (values: object[]) => [proto('Meter', { histogram: { name: 'h', values } })];
    const add = (messages: Buffer[]) => () => translate(meterTranslator(new Instances()), messages);
    const twice = [
      { bucket: 1, count: 1 },
      { bucket: 1, count: 1 },
    ];
    assert.throws(add(bad(twice)), /two buckets of one bound/);
    assert.throws(add(bad([{ bucket: 1, count: -1 }])), /negative count/);
    assert.throws(add([proto('Meter', { singleValue: { value: 1 } })]), /meter without name/);
    assert.throws(add([proto('Meter', { ...first, timestamp: -3 })]), /time of a meter -3 ms/);
    const [empty] = translate(meterTranslator(new Instances()), bad([]));
    assert.equal(empty.histogram.dataPoints[0].bucketCounts, undefined);
  });
});

describe('logs', () => {
  const translateLogs = (...logs: object[]) =>
    translate(
      logTranslator(new Instances()),
      logs.map((log) => proto('Log', log)),
    );

  it('have body, level, ids and tags', () => {
    const traceId = 'ddd92f52207c468e9cd03ddd107cd530.69.16181331190470001';
    const traceSegmentId = 'ddd92f52207c468e9cd03ddd107cd530.69.16181331190470000';
    const [record] = translateLogs({
      timestamp: time,
      service: 'svc',
      serviceInstance: 'one',
      endpoint: '/x',
      layer: 'GENERAL',
      traceContext: { traceId, spanId: '2', traceSegmentId },
      tags: {
        data: [
          { key: 'level', value: 'WARN' },
          { key: 'logger', value: 'com.example' },
        ],
      },
      body: { type: 'log4j', text: { text: 'message' } },
    });
    assert.deepEqual(record, {
      timeUnixNano: then,
      observedTimeUnixNano: now,
      severityNumber: 13,
      severityText: 'WARN',
      body: { stringValue: 'message' },
      traceId: traceIdOf(traceId),
      spanId: spanIdOf(traceSegmentId, 2),
      attributes: {
        'sw8.trace_id': traceId,
        'sw8.segment_id': traceSegmentId,
        'sw8.span_id': 2,
        'sw8.endpoint': '/x',
        'sw8.service_layer': 'GENERAL',
        'sw8.log.type': 'log4j',
        logger: 'com.example',
      },
      resource: { 'service.name': 'svc', 'service.instance.id': 'one' },
    });
  });

  it('take service and instance from those before them', () => {
    const body = { json: { json: '{"a":1}' } };
    const logs = translateLogs(
      { service: 'a', serviceInstance: '1', body },
      { body: { yaml: { yaml: 'a: 1' } } },
      { service: 'b', body },
    );
    assert.deepEqual(
      logs.map((log) => Object.values(log.resource)),
      [['a', '1'], ['a', '1'], ['b']],
    );
    assert.deepEqual(
      logs.map((log) => log.attributes['sw8.log.format']),
      ['json', 'yaml', 'json'],
    );
    assert.equal(logs[0].body.stringValue, '{"a":1}');
    assert.equal(logs[0].timeUnixNano, undefined);
    assert.equal(logs[0].observedTimeUnixNano, now);
  });
});

describe('events', () => {
  it('of services', () => {
    const [event] = translate(eventTranslator(new Instances()), [
      proto('Event', {
        uuid: 'u',
        source: { service: 'svc', serviceInstance: 'one', endpoint: '/x' },
        name: 'Upgrade',
        type: 'Error',
        message: 'from 1',
        parameters: { from: '1', to: '2' },
        startTime: time,
        endTime: nowMs,
        layer: 'GENERAL',
      }),
    ]);
    assert.equal(event.eventName, 'Upgrade');
    assert.equal(event.severityNumber, 17);
    assert.equal(event.body.stringValue, 'from 1');
    assert.deepEqual(event.attributes, {
      'sw8.event.uuid': 'u',
      'sw8.endpoint': '/x',
      'sw8.service_layer': 'GENERAL',
      'sw8.event.parameter.from': '1',
      'sw8.event.parameter.to': '2',
      'sw8.event.end_time': Number(now),
    });
  });

  it('of instances: their properties, which their resources have from then on', () => {
    const instances = new Instances();
    const properties = [
      { key: 'OS Name', value: 'Linux' },
      { key: 'Process No.', value: '123' },
      { key: 'language', value: 'java' },
      { key: 'ipv4', value: '127.0.0.1' },
      { key: 'ipv4', value: '10.0.0.7' },
    ];
    const message = proto('Instance', { service: 'svc', serviceInstance: 'one', properties });
    const [event] = translate(propertiesTranslator(instances), [message]);
    assert.equal(event.eventName, 'skywalking.instance.properties');
    assert.equal(event.attributes['sw8.instance.Process No.'], '123');
    assert.equal(event.attributes['sw8.instance.ipv4.2'], '10.0.0.7');
    assert.deepEqual(Object.fromEntries(instances.resource('svc', 'one')), {
      'service.name': 'svc',
      'service.instance.id': 'one',
      'os.name': 'Linux',
      'process.pid': 123,
      'telemetry.sdk.language': 'java',
      'host.ip': ['10.0.0.7'],
    });
    const other = Object.fromEntries(instances.resource('svc', 'two'));
    assert.deepEqual(other, { 'service.name': 'svc', 'service.instance.id': 'two' });
  });

  it('of instances are remembered up to a limit', () => {
    const long = { key: 'hostname', value: 'h'.repeat(257) };
    const ips = Array.from({ length: 20 }, (_, i) => `10.0.0.${i}`).join(',');
    const greedy = new Instances();
    greedy.report('svc', 'i', [long, { key: 'ipv4s', value: `x,${ips}` }]);
    assert.equal((greedy.resource('svc', 'i').get('host.ip') as string[]).length, 8);
    assert.equal(greedy.resource('svc', 'i').has('host.name'), false);
    greedy.report('svc', 'i'.repeat(1000), [{ key: 'hostname', value: 'h' }]);
    assert.equal(greedy.resource('svc', 'i'.repeat(1000)).size, 2);
    const instances = new Instances();
    const properties = [{ key: 'hostname', value: 'h' }];
    for (let i = 0; i <= 10_000; i += 1) instances.report('svc', `${i}`, properties);
    assert.equal(instances.resource('svc', '0').size, 2);
    assert.equal(instances.resource('svc', '1').size, 3);
  });

  it('attached to spans have their ids', () => {
    const common = {
      startTime: { seconds: 1_700_000_000, nanos: 5 },
      endTime: { seconds: 1_700_000_001, nanos: 0 },
      event: 'recvfrom',
      tags: [{ key: 'net', value: 'eth0' }],
      summary: [{ key: 'bytes', value: '12' }],
    };
    const own = { type: 'SKYWALKING', traceId: 't', traceSegmentId: 's', spanId: '4' };
    const zipkin = { type: 'ZIPKIN', traceId: '463ac35c9f6413ad', spanId: '463ac35c9f6413ae' };
    const [first, second, third] = translate(
      attachedEventTranslator(new Instances()),
      [own, zipkin, { ...zipkin, traceId: 'x' }].map((traceContext) =>
        proto('AttachedEvent', { ...common, traceContext }),
      ),
    );
    assert.equal(first.timeUnixNano, '1700000000000000005');
    assert.equal(first.eventName, 'recvfrom');
    assert.equal(first.traceId, traceIdOf('t'));
    assert.equal(first.spanId, spanIdOf('s', 4));
    assert.equal(first.attributes['sw8.summary.bytes'], 12);
    assert.equal(first.attributes.net, 'eth0');
    assert.equal(second.traceId, '0000000000000000463ac35c9f6413ad');
    assert.equal(second.spanId, '463ac35c9f6413ae');
    assert.equal(third.traceId, undefined);
    assert.equal(third.attributes['zipkin.trace_id'], 'x');
  });

  it('of browsers', () => {
    const page = { service: 'web', serviceVersion: 'v1', pagePath: '/index.html' };
    const one = (name: Parameters<typeof browserTranslator>[0], given: object) =>
      translate(browserTranslator(name, new Instances()), [proto(name, { ...page, ...given })])[0];
    const performance = one('PagePerformance', { redirectTime: 10, fmpTime: 3 });
    assert.equal(performance.eventName, 'skywalking.browser.page');
    assert.equal(performance.timeUnixNano, now);
    assert.deepEqual(performance.resource, { 'service.name': 'web', 'service.instance.id': 'v1' });
    assert.equal(performance.attributes['url.path'], '/index.html');
    assert.equal(performance.attributes['sw8.browser.redirect_time'], 10);
    assert.equal(performance.attributes['sw8.browser.dns_time'], 0);
    assert.equal(Object.keys(performance.attributes).length, 15);
    const vitals = one('WebVitals', { cls: 1, lcpTime: 8 });
    assert.equal(vitals.attributes['sw8.browser.cls'], 1);
    assert.deepEqual(one('Resource', { name: 'u', size: 5, protocol: 'h2' }).attributes, {
      'url.path': '/index.html',
      'url.full': 'u',
      'sw8.browser.duration': 0,
      'http.response.body.size': 5,
      'network.protocol.name': 'h2',
    });
    assert.equal(one('Interaction', { inpTime: 9 }).attributes['sw8.browser.inp_time'], 9);
  });

  it('of errors in browsers', () => {
    const [event] = translate(browserErrorTranslator(new Instances()), [
      proto('BrowserError', {
        service: 'web',
        serviceVersion: 'v1',
        pagePath: '/',
        category: 'promise',
        grade: 'Error',
        message: 'is not a function',
        line: 3,
        col: 4,
        stack: 'at f',
        errorUrl: 'http://h/',
        firstReportedError: true,
      }),
    ]);
    assert.equal(event.eventName, 'exception');
    assert.equal(event.severityNumber, 17);
    assert.deepEqual(event.attributes, {
      'exception.type': 'promise',
      'exception.message': 'is not a function',
      'exception.stacktrace': 'at f',
      'url.path': '/',
      'url.full': 'http://h/',
      'code.line.number': 3,
      'code.column.number': 4,
      'sw8.browser.grade': 'Error',
      'sw8.browser.first_reported_error': true,
    });
  });

  it('of a mesh', () => {
    const ends = {
      startTime: time,
      endTime: nowMs,
      sourceServiceName: 'a',
      destServiceName: 'b',
      destServiceInstance: 'b-1',
    };
    const message = proto('MeshMetrics', {
      httpMetrics: {
        metrics: [
          { ...ends, endpoint: '/x', responseCode: 200, status: true, latency: 5, detectPoint: 1 },
        ],
      },
    });
    const tcp = proto('MeshMetrics', {
      tcpMetrics: { metrics: [{ ...ends, receivedBytes: 7, detectPoint: 'client' }] },
    });
    const [first, second] = translate(meshTranslator(new Instances()), [message, tcp]);
    assert.deepEqual(first.resource, { 'service.name': 'b', 'service.instance.id': 'b-1' });
    assert.equal(first.attributes['http.response.status_code'], 200);
    assert.equal(first.attributes['sw8.mesh.detect_point'], 'server');
    assert.equal(first.severityNumber, 9);
    assert.deepEqual(second.resource, { 'service.name': 'a' });
    assert.equal(second.attributes['sw8.mesh.received_bytes'], 7);
  });
});
