/** The started program's pages, health checks and profiles, and headers that follow a client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { freePorts } from '../testing/ports.ts';
import { Program, scratch } from './lib/program.ts';

const span = (name: string) => ({
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            {
              traceId: '0102030405060708090a0b0c0d0e0f10',
              spanId: '0102030405060708',
              name,
              startTimeUnixNano: '1',
              endTimeUnixNano: '2',
            },
          ],
        },
      ],
    },
  ],
});

test('pages, statuses and profiles of the running program', async () => {
  const [otlp, status, old, zpages, pprof] = await freePorts(5);
  const { path, remove } = scratch();
  const config = `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlp}"}}}}
processors: {batch: , attributes: {actions: [{key: a, value: b, action: insert}]}}
exporters:
  nop:
  otlp_http: {endpoint: "http://127.0.0.1:9", headers: {authorization: hush}}
extensions:
  healthcheckv2: {use_v2: true, http: {endpoint: "127.0.0.1:${status}", config: {enabled: true}}}
  health_check: {endpoint: "127.0.0.1:${old}"}
  zpages: {endpoint: "127.0.0.1:${zpages}"}
  pprof: {endpoint: "127.0.0.1:${pprof}"}
service:
  extensions: [healthcheckv2, health_check, zpages, pprof]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [attributes, batch], exporters: [nop]}
    logs/x: {receivers: [otlp], exporters: [nop]}
`;
  const program = await Program.startWith(config, path);
  try {
    const get = async (port: number | undefined, where: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${where}`);
      return [response.status, await response.text()] as const;
    };
    const [code, body] = await get(status, '/status?verbose');
    const { status: whole, components } = JSON.parse(body) as {
      status: string;
      components: Record<string, { components: object }>;
    };
    assert.deepEqual([code, whole], [200, 'StatusOK']);
    assert.deepEqual(Object.keys(components).sort(), [
      'extensions',
      'pipeline:logs/x',
      'pipeline:traces',
    ]);
    assert.deepEqual(Object.keys(components['pipeline:traces']!.components).sort(), [
      'exporter:nop',
      'processor:attributes',
      'processor:batch',
      'receiver:otlp',
    ]);
    const [, shown] = await get(status, '/config');
    assert.doesNotMatch(shown, /hush/);
    const { exporters } = JSON.parse(shown) as { exporters: { otlp_http: { timeout: number } } };
    assert.equal(exporters.otlp_http.timeout, 30e9);
    assert.equal((await get(old, '/'))[0], 200);
    assert.match((await get(zpages, '/debug/pipelinez'))[1], /<td>traces<\/td><td>traces<\/td>/);
    assert.match((await get(zpages, '/debug/featurez'))[1], /confmap\.enableMergeAppendOption/);
    assert.equal((await get(pprof, '/debug/pprof/heap'))[0], 200);
  } finally {
    await program.stop();
    remove();
  }
});

test('headers that follow the client, and credentials that are checked', async () => {
  const seen: http.IncomingHttpHeaders[] = [];
  const sink = http.createServer((request, response) => {
    seen.push(request.headers);
    request.resume();
    request.on('end', () => response.end());
  });
  sink.listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const [otlp] = await freePorts(1);
  const { path, remove } = scratch();
  const config = `
receivers:
  otlp:
    protocols:
      http:
        endpoint: "127.0.0.1:${otlp}"
        include_metadata: true
        auth: {authenticator: basicauth}
exporters:
  otlp_http:
    endpoint: "http://127.0.0.1:${(sink.address() as AddressInfo).port}"
    auth: {authenticator: headers_setter}
    sending_queue:
      batch: {flush_timeout: 10ms, partition: {metadata_keys: [x-tenant]}}
extensions:
  basicauth: {htpasswd: {inline: "me:secret"}}
  bearertokenauth: {token: onward}
  headers_setter:
    additional_auth: bearertokenauth
    headers:
      - {action: upsert, key: X-Scope-OrgID, from_context: x-tenant}
      - {action: upsert, key: X-User, from_attribute: username}
service:
  extensions: [headers_setter, basicauth, bearertokenauth]
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}
`;
  const program = await Program.startWith(config, path);
  try {
    const post = async (tenant: string, login: string) => {
      const response = await fetch(`http://127.0.0.1:${otlp}/v1/traces`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-tenant': tenant,
          authorization: `Basic ${Buffer.from(login).toString('base64')}`,
        },
        body: JSON.stringify(span(tenant)),
      });
      return [response.status, await response.text()] as const;
    };
    const [refused, why] = await post('c', 'me:wrong');
    assert.equal(refused, 401);
    assert.deepEqual(JSON.parse(why), { code: 16, message: 'invalid credentials' });
    assert.equal((await post('a', 'me:secret'))[0], 200);
    assert.equal((await post('b', 'me:secret'))[0], 200);
    while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    const sent = seen.map((headers) => [
      headers['x-scope-orgid'],
      headers['x-user'],
      headers.authorization,
    ]);
    assert.deepEqual(sent.sort(), [
      ['a', 'me', 'Bearer onward'],
      ['b', 'me', 'Bearer onward'],
    ]);
  } finally {
    await program.stop();
    sink.closeAllConnections();
    sink.close();
    remove();
  }
});
