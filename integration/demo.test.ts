/** `npm run demo` against the started program: it ends well and names traces that can be read. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startAllInOne } from './lib/all-in-one.ts';
import { output } from './lib/follow.ts';
import { scratch } from './lib/program.ts';

test('the demo finds a trace of the shop and one of the capture', {
  timeout: 300_000,
}, async (t) => {
  const folder = scratch();
  t.after(() => folder.remove());
  const program = await startAllInOne(folder.path);
  t.after(() => program.stop());
  process.env.JAEGER_URL = program.jaeger;
  process.env.OTLP_ENDPOINT = `http://${program.otlpGrpc}`;
  process.env.DEMO_SECONDS = '1';
  const script = join(import.meta.dirname, '../scripts/demo/demo.ts');
  const text = await output(process.execPath, [script]);
  const links = text.match(/\S+\/api\/traces\/[0-9a-f]{32}/g) ?? [];
  assert.equal(links.length, 2);
  const services = await Promise.all(
    links.map(async (link) => {
      const { data } = (await (await fetch(link)).json()) as {
        data: [{ processes: Record<string, { serviceName: string }> }];
      };
      return Object.values(data[0].processes).map((process) => process.serviceName);
    }),
  );
  assert.deepEqual(new Set(services[0]), new Set(['frontend', 'cart', 'catalog', 'payment']));
  assert.deepEqual(services[1], ['127.0.0.1:8080']);
});
