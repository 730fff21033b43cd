// Captures with what another agent measured of them, packet by packet; and its close types.
// Fields compared a packet: those of `fieldsOf`. Deviations: none are known for these captures.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { CaptureEngine } from '../engine.ts';
import { PacketDecoder } from '../packet/decode.ts';
import { Verdict } from '../packet/verdict.ts';
import { CaptureReader } from '../pcap/reader.ts';
import { FlowCounters, FlowFloat, FlowWord, SideFloat, SideWord } from './counters.ts';
import { FlowPerf } from './perf.ts';

const root = process.env.WIRESTITCH_CONFORMANCE ?? '';
const pcaps = join(root, 'pcap');
const reason =
  root !== '' && existsSync(pcaps) ? '' : 'WIRESTITCH_CONFORMANCE names no folder of captures';

type Fields = Record<string, string | number>;

/** A delay as `count/sum/longest` in microseconds. */
function delayText(count: number, nanos: number, maxMicros: number): string {
  return `${count}/${Math.round(nanos / 1000)}/${maxMicros}`;
}

function fieldsOf(c: FlowCounters): Fields {
  const fields: Fields = {};
  const [a, b] = [c.sideWords(0, 0), c.sideWords(0, 1)];
  const both = (word: number): number => c.words[a + word]! + c.words[b + word]!;
  for (const side of [0, 1]) {
    const w = c.sideWords(0, side);
    const f = c.side(0, side);
    const delay = (i: number): string =>
      delayText(
        c.words[w + SideWord.rttCount + i]!,
        c.floats[f + SideFloat.rttSum + i]!,
        c.words[w + SideWord.rttMax + i]!,
      );
    fields[`rtt_${side}`] = delay(0);
    fields[`srt_${side}`] = delay(1);
    fields[`art_${side}`] = delay(2);
    fields[`retrans_${side}`] = c.words[w + SideWord.retransmitted]!;
    fields[`zero_win_count_${side}`] = c.words[w + SideWord.zeroWindows]!;
    fields[`ooo_${side}`] = c.words[w + SideWord.outOfOrder]!;
    fields[`retrans_syn_${side}`] =
      c.words[w + SideWord.synRetransmitted]! + c.words[w + SideWord.synAckRetransmitted]!;
  }
  const fw = c.flowWords(0);
  const ff = c.flow(0);
  fields.cit = delayText(
    c.words[fw + FlowWord.citCount]!,
    c.floats[ff + FlowFloat.citSum]!,
    c.words[fw + FlowWord.citMax]!,
  );
  fields.rtt_full = Math.round(c.floats[ff + FlowFloat.fullRtt]! / 1000);
  fields.retrans_sum = both(SideWord.retransmitted);
  fields.syn = both(SideWord.syn);
  fields.synack = both(SideWord.synAck);
  fields.retrans_synack = both(SideWord.synAckRetransmitted);
  fields.fin_count = both(SideWord.fin);
  return fields;
}

/** What our measuring has after each packet; the sender of the first one is side 0. */
function measured(name: string): Fields[] {
  const counters = new FlowCounters();
  const perf = new FlowPerf(counters);
  const d = new PacketDecoder();
  const steps: Fields[] = [];
  let base = -1;
  let first = 0;
  counters.begin(0, 0, 0, 1);
  const reader = new CaptureReader((p) => {
    if (base < 0) base = p.seconds;
    const time = (p.seconds - base) * 1e9 + p.nanos;
    const verdict = d.decode(p, time);
    assert.ok(verdict === Verdict.tcp || verdict === Verdict.udp);
    const key = d.s3 * 65536 + d.sourcePort;
    if (steps.length === 0) first = key;
    const side = key === first ? 0 : 1;
    if (verdict === Verdict.tcp) perf.tcp(d, 0, side, side === 0, time);
    else if (d.payloadWireLength > 0) perf.udp(0, side, side === 0, time);
    steps.push(fieldsOf(counters));
  });
  reader.push(readFileSync(join(pcaps, name)));
  reader.end();
  return steps;
}

/** `24.416ms` in microseconds. */
function micros(text: string): number {
  const m = /^([\d.]+)(ns|µs|ms|s)$/.exec(text);
  assert.ok(m, text);
  const unit = { ns: 0.001, µs: 1, ms: 1000, s: 1e6 }[m[2]!]!;
  return Math.round(Number(m[1]) * unit);
}

/** The steps of a result file: Rust's debug notation, over several lines. */
function expected(name: string): Fields[] {
  const text = readFileSync(join(pcaps, name), 'utf8');
  return text
    .split(/(?=^\d+th perf data)/m)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const fields: Fields = {};
      const stats = /(\w+): TimeStats \{\s*count: (\d+),\s*sum: ([^,]+),\s*max: ([^,]+),/g;
      for (const [, key, count, sum, max] of part.matchAll(stats)) {
        fields[key!] = `${count}/${micros(sum!)}/${micros(max!)}`;
      }
      for (const [, key, value] of part.matchAll(/^ {4}(\w+): ([\d.]+)(?:,)$/gm)) {
        fields[key!] = Number(value);
      }
      fields.rtt_full = micros(/rtt_full: ([^,]+),/.exec(part)![1]!);
      return fields;
    });
}

const tcpCases: readonly (readonly [result: string, ...captures: string[]])[] = [
  ['xiangdao-retrans.result', 'xiangdao-retrans.pcap'],
  [
    'client_request_timewait_and_syn_synack_count.result',
    'client_request_timewait_and_syn_synack_count.pcap',
  ],
  ['handshake-error.result', 'handshake-error.pcap'],
  ['rtt-syn.result', 'rtt-syn-2-ack.pcap', 'rtt-rtt-2.pcap'],
];

for (const [result, ...captures] of tcpCases) {
  test(`TCP performance: ${result}`, (t) => {
    if (reason !== '') return t.skip(reason);
    const want = expected(result);
    const got = captures.flatMap(measured);
    assert.equal(got.length, want.length);
    let comparisons = 0;
    for (const [i, fields] of got.entries()) {
      for (const [key, value] of Object.entries(fields)) {
        assert.equal(value, want[i]![key], `${key} after packet ${i + 1}`);
        comparisons++;
      }
    }
    t.diagnostic(`${comparisons} fields compared over ${got.length} packets`);
    assert.ok(comparisons >= 20 * got.length);
  });
}

for (const name of ['udp_normal', 'udp_continuous_packet', 'udp_report_packet']) {
  test(`UDP performance: ${name}.result`, (t) => {
    if (reason !== '') return t.skip(reason);
    const capture = name === 'udp_report_packet' ? 'udp_normal' : name;
    const lines = readFileSync(join(pcaps, `${name}.result`), 'utf8').matchAll(
      /art_max: (\S+), art_sum: (\S+), art_count: (\d+)/g,
    );
    const want = [...lines].map(
      ([, max, sum, count]) => `${count}/${micros(sum!)}/${micros(max!)}`,
    );
    const got = measured(`${capture}.pcap`).map((fields) => fields.art_1);
    assert.deepEqual(got, want);
    t.diagnostic(`${want.length} delays compared`);
  });
}

/** Close types by capture. */
const closeTypes: Readonly<Record<string, number>> = {
  'syn-1': 13,
  'l4-source-port-reuse': 13,
  'server-queue-lack': 17,
  'client-no-response': 19,
};

for (const [name, want] of Object.entries(closeTypes)) {
  test(`close type: ${name}.pcap`, (t) => {
    if (reason !== '') return t.skip(reason);
    const types: number[] = [];
    const engine = new CaptureEngine(
      { protocols: [], flows: (record) => types.push(record.closeType) },
      () => {},
    );
    const reader = new CaptureReader((p) => engine.packet(p));
    reader.push(readFileSync(join(pcaps, `${name}.pcap`)));
    reader.end();
    engine.finish();
    // Captures that cross a minute give a record for each; the last one says how it ended.
    assert.equal(types.at(-1), want);
    t.diagnostic('1 close type compared');
  });
}
