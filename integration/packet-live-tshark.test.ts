// Flow records of captures against what tshark says of their TCP connections: payload bytes,
// retransmissions, segments out of order, round-trip times of handshakes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { CaptureEngine } from '../agent/engine.ts';
import { CaptureReader } from '../agent/pcap/reader.ts';
import { alone } from './lib/alone.ts';

await alone();

const root = process.env.WIRESTITCH_CONFORMANCE ?? '';
const folders = ['.', 'amqp', 'http', 'mysql', 'redis'];

interface Measured {
  payload: number;
  retransmitted: number;
  outOfOrder: number;
  /** Nanoseconds, ascending. */
  rtts: string;
}

/** Where the two differ, and why. */
const deviations: Readonly<Record<string, { readonly fields: string; readonly why: string }>> = {
  'handshake-error.pcap': {
    fields: 'retransmitted rtts',
    why: 'tshark counts a repeated FIN without data, and takes an ACK before the SYN-ACK for its ACK',
  },
  'l4-source-port-reuse.pcap': { fields: 'rtts', why: 'the SYN was not answered by a SYN-ACK' },
  'syn-1.pcap': { fields: 'rtts', why: 'the SYN was not answered by a SYN-ACK' },
  'out-of-order.pcap': {
    fields: 'rtts',
    why: 'SYN and SYN-ACK are in the wrong order: the time from SYN to ACK is not the round trip',
  },
  'syn-syn-ack-retrans-2.pcap': {
    fields: 'rtts',
    why: 'counted from the first SYN, by tshark from the repeated one',
  },
  'xiangdao-retrans.pcap': {
    fields: 'payload retransmitted',
    why: 'frames were cut behind their headers, which the file does not say: the IP length does',
  },
  'amqp/amqp1.pcap': { fields: 'rtts', why: 'tshark has a round trip of SYNs that were refused' },
  'amqp/amqp2.pcap': { fields: 'rtts', why: 'tshark has a round trip of SYNs that were refused' },
};

function measured(path: string): Measured {
  const m = { payload: 0, retransmitted: 0, outOfOrder: 0 };
  const rtts: number[] = [];
  const engine = new CaptureEngine(
    {
      protocols: [],
      flows: ({ ends, client, server, rtt }) => {
        if (ends.transport !== 'tcp') return;
        m.payload += client.payload + server.payload;
        m.retransmitted += client.retransmitted + server.retransmitted;
        m.outOfOrder += client.outOfOrder + server.outOfOrder;
        if (rtt > 0) rtts.push(rtt);
      },
    },
    () => {},
  );
  const reader = new CaptureReader((p) => engine.packet(p));
  reader.push(readFileSync(path));
  reader.end();
  engine.finish();
  return { ...m, rtts: rtts.sort((a, b) => a - b).join() };
}

function dissected(path: string): Measured {
  const analysis = ['retransmission', 'out_of_order', 'initial_rtt'].map(
    (f) => `tcp.analysis.${f}`,
  );
  const fields = ['tcp.stream', 'tcp.len', ...analysis].flatMap((f) => ['-e', f]);
  const done = spawnSync('tshark', ['-r', path, '-Y', 'tcp', '-T', 'fields', ...fields], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const lines = done.stdout.split('\n').filter((line) => line !== '');
  const rows = lines.map((line) => line.split('\t'));
  const rtts = new Map(
    rows.filter((r) => r[4]).map((r) => [r[0], Math.round(Number(r[4]) * 1e9)] as const),
  );
  return {
    payload: rows.reduce((sum, r) => sum + Number(r[1] || 0), 0),
    retransmitted: rows.filter((r) => r[2]).length,
    outOfOrder: rows.filter((r) => r[3]).length,
    rtts: [...rtts.values()].sort((a, b) => a - b).join(),
  };
}

test('flow records say of captures what tshark says', (t) => {
  const pcaps = join(root, 'pcap');
  if (root === '' || !existsSync(pcaps)) {
    return t.skip('WIRESTITCH_CONFORMANCE names no folder of captures');
  }
  if (spawnSync('tshark', ['--version']).status !== 0) return t.skip('tshark is not installed');
  const files = folders.flatMap((folder) =>
    readdirSync(join(pcaps, folder))
      .filter((name) => name.endsWith('.pcap'))
      .map((name) => join(folder, name)),
  );
  let compared = 0;
  for (const file of files) {
    const ours = measured(join(pcaps, file));
    const theirs = dissected(join(pcaps, file));
    const keys = Object.keys(ours) as (keyof Measured)[];
    const different = keys.filter((key) => ours[key] !== theirs[key]).join(' ');
    const said = JSON.stringify([ours, theirs]);
    assert.equal(different, deviations[file]?.fields ?? '', `${file}: ${said}`);
    compared += keys.length;
  }
  t.diagnostic(`${compared} values of ${files.length} captures compared`);
  for (const [file, { fields, why }] of Object.entries(deviations)) {
    t.diagnostic(`deviates: ${file}: ${fields}: ${why}`);
  }
  assert.ok(compared > 100);
});
