/** StatsD clients for Python send; what they counted is found again in the store. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { freePorts } from '../../testing/ports.ts';
import { eventually } from '../lib/all-in-one.ts';
import { output } from '../lib/follow.ts';
import { scratch } from '../lib/program.ts';
import { type Stored, startStored } from '../lib/stored.ts';
import { pointKey, type StoredPoint, storedPoints } from '../lib/stored-points.ts';
import { python, senders } from './said.ts';

/** Client, transport, lines that it sends and those of them that are no metrics. */
const clients = [
  ['udp', 'udp', 3007, 0],
  ['tcp', 'tcp', 3007, 0],
  ['dogstatsd', 'udp', 3001, 2],
  ['dogstatsd-socket', 'unixgram', 3001, 2],
] as const;

const folder = scratch();
let stored: Stored;
let places: ReadonlyMap<string, string>;

before(async () => {
  const ports = await freePorts(clients.length);
  const socket = join(folder.path, 'statsd.sock');
  const place = ([client, transport]: (typeof clients)[number], i: number) =>
    [client, transport === 'unixgram' ? socket : String(ports[i])] as const;
  places = new Map(clients.map(place));
  const receivers = clients.map(([client, transport]) => {
    const at = places.get(client)!;
    const endpoint = transport === 'unixgram' ? at : `127.0.0.1:${at}`;
    const config = `{endpoint: "${endpoint}", transport: ${transport}, aggregation_interval: 1s}`;
    return [`statsd/${client}`, { config, signals: ['metrics'] }] as const;
  });
  stored = await startStored(Object.fromEntries(receivers));
});

after(async () => {
  await stored?.stop();
  folder.remove();
});

/** Values by name and tags: deltas added up, of gauges the last. */
function totals(points: readonly StoredPoint[]): Map<string, number> {
  const out = new Map<string, number>();
  const inTime = [...points].sort((a, b) => (BigInt(a.time) < BigInt(b.time) ? -1 : 1));
  for (const { name, attributes, kind, temporality, value } of inTime) {
    const key = pointKey(name, attributes);
    if (kind === 'sum') assert.equal(temporality, 1);
    out.set(key, kind === 'gauge' ? value : value + (out.get(key) ?? 0));
  }
  return out;
}

const received = 'otelcol_receiver_received_statsd_metrics';

for (const [client, , lines, others] of clients) {
  test(`a client over ${client}`, { timeout: 300_000 }, async (t) => {
    if (!existsSync(python)) return t.skip('Python clients are not installed (.cache/python)');
    const count = (success: boolean) =>
      stored.program.metric(received, `parse_success="${success}"`);
    const before = await Promise.all([count(true), count(false)]);
    const script = join(senders, 'statsd_clients.py');
    const text = await output(python, [script, client, places.get(client)!]);
    await eventually('all lines are read', async () => (await count(true)) >= before[0] + lines);
    assert.equal(await count(true), before[0] + lines);
    assert.equal(await count(false), before[1] + others);
    const want = Object.entries(JSON.parse(text) as Record<string, number>);
    const pattern = `${client.replace('-', '_')}[.].*`;
    const wanted = new Map(want.map(([key, value]) => [key.replace(/\{$/, '{}'), value]));
    assert.ok(wanted.size > 1000);
    let found = new Map<string, number>();
    await eventually('all that was counted is stored', async () => {
      // What is counted comes out each second: SQL and remote read may see other seconds.
      const points = await storedPoints(stored, pattern, wanted.size).catch(() => []);
      found = totals(points);
      return isDeepStrictEqual(found, wanted);
    }).catch(() => undefined);
    assert.deepEqual(found, wanted);
  });
}
