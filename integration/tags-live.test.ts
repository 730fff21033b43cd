import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadPacketAddon } from '../receivers/packet/ring.ts';
import { eventually } from './lib/all-in-one.ts';
import { Program, scratch } from './lib/program.ts';

/** A service that nobody instrumented, captured on the wire, named, and asked for by SQL. */

const password = 'integration';

const service = `
from http.server import BaseHTTPRequestHandler, HTTPServer
import sys
class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'ok')
    def log_message(self, *args):
        pass
HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
`;

import { freePorts } from '../testing/ports.ts';
import { alone } from './lib/alone.ts';

await alone();

test('spans and flows lead to the process, its service and its host', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root: live capture');
  const addon = loadPacketAddon();
  if (addon.addon === undefined) return t.skip(addon.why);
  const folder = scratch();
  t.after(() => folder.remove());
  const [port, clickhouse] = await freePorts(2);
  writeFileSync(join(folder.path, 'stock.py'), service);
  const stock = spawn('python3', ['stock.py', String(port)], { cwd: folder.path });
  t.after(() => stock.kill('SIGKILL'));
  const inventory = join(folder.path, 'inventory.yaml');
  writeFileSync(inventory, "services: [{name: warehouse, command_line: '*stock.py*'}]");
  const config = `receivers:
  packet:
    interfaces: [lo]
    filter: tcp port ${port}
    names: {inventory: "${inventory}"}
exporters:
  clickhouse:
    engine: embedded_clickhouse
    database: wirestitch
    sending_queue: {batch: {flush_timeout: 100ms}}
extensions:
  embedded_clickhouse: {path: "${folder.path}/clickhouse", listen: "127.0.0.1:${clickhouse}"}
service:
  extensions: [embedded_clickhouse]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [packet], exporters: [clickhouse]}
    logs: {receivers: [packet], exporters: [clickhouse]}
`;
  const env = { WIRESTITCH_ENGINE_PASSWORD: password };
  const program = await Program.startWith(config, folder.path, { env });
  t.after(() => program.stop());
  const scalar = async (sql: string): Promise<string> => {
    const headers = { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': password };
    const url = `http://127.0.0.1:${clickhouse}/?database=wirestitch`;
    const response = await fetch(url, { method: 'POST', body: sql, headers });
    const text = (await response.text()).trim();
    if (!response.ok) throw new Error(`cannot run ${sql}: ${text}`);
    return text;
  };
  const ask = (): Promise<number> =>
    new Promise((resolve) => {
      get({ host: '127.0.0.1', port, path: '/items', agent: false }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      }).on('error', () => resolve(0));
    });
  await eventually('the service', async () => (await ask()) === 200);
  for (let i = 0; i < 10; i++) assert.equal(await ask(), 200);

  const spans = `SELECT count() FROM spans AS s
    INNER JOIN (SELECT * FROM entities FINAL WHERE type = 'process') AS p ON p.id = s.server_entity
    INNER JOIN (SELECT * FROM entities FINAL) AS w ON w.id = p.service
    INNER JOIN (SELECT * FROM entities FINAL) AS h ON h.id = p.node
    WHERE s.service = 'warehouse' AND w.name = 'warehouse' AND h.type = 'host'
      AND p.identity['process.pid'] = '${stock.pid}'`;
  await eventually('spans with their process', async () => Number(await scalar(spans)) >= 10);
  const flows = `SELECT count() FROM flows AS f
    INNER JOIN (SELECT * FROM entities FINAL WHERE type = 'process') AS p ON p.id = f.server_entity
    WHERE f.server_service = 'warehouse' AND f.close_type != 'open' AND f.bytes_sent > 0`;
  await eventually('flows with their process', async () => Number(await scalar(flows)) >= 10);
  assert.equal(await scalar("SELECT countIf(service != 'warehouse') FROM spans"), '0');
  assert.equal(await scalar('SELECT count() FROM logs'), '0');
});
