import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PacketDecoder } from '../packet/decode.ts';
import { type FlowEnd, FlowKind, type FlowLimits, FlowTable } from './table.ts';

const timeouts = [1, 2, 5, 35, 60, 300] as const;

/** A decoded packet between two of a few hosts and ports. */
function packet(from: number, to: number, ports = 0): PacketDecoder {
  const d = new PacketDecoder();
  d.protocol = 6;
  d.s3 = from;
  d.d3 = to;
  d.sourcePort = 1000 + ports;
  d.destinationPort = 80;
  return d;
}

function table(maxFlows: number) {
  const ended: [number, FlowEnd][] = [];
  const limits: FlowLimits = { maxFlows, timeouts };
  const t = new FlowTable(limits, (flow, why) => ended.push([flow, why]));
  return { t, ended };
}

test('both directions are one flow', () => {
  const { t } = table(10);
  const flow = t.lookup(packet(1, 2), 0);
  assert.deepEqual([t.isNew, t.side], [true, 0]);
  t.touch(flow, FlowKind.established, 0);
  const back = packet(2, 1);
  [back.sourcePort, back.destinationPort] = [80, 1000];
  assert.equal(t.lookup(back, 1), flow);
  assert.deepEqual([t.isNew, t.side, t.count], [false, 1, 1]);
  const other = packet(1, 2);
  other.interfaceId = 1;
  assert.notEqual(t.lookup(other, 1), flow);
});

test('the longest idle flow of the least valuable class makes room', () => {
  const { t, ended } = table(3);
  const kinds = [FlowKind.established, FlowKind.udp, FlowKind.udp];
  const flows = kinds.map((kind, i) => {
    const flow = t.lookup(packet(i, 100), i);
    t.touch(flow, kind, i);
    return flow;
  });
  t.touch(flows[1]!, FlowKind.udp, 5);
  t.touch(t.lookup(packet(9, 100), 6), FlowKind.established, 6);
  assert.deepEqual(ended, [[flows[2], 'evicted']]);
  assert.equal(t.count, 3);
});

test('flows end when idle for the time of their class', () => {
  const { t, ended } = table(10);
  const a = t.lookup(packet(1, 2), 0);
  t.touch(a, FlowKind.established, 0);
  const b = t.lookup(packet(3, 4), 0);
  t.touch(b, FlowKind.transient, 0);
  t.touch(b, FlowKind.closed, 3);
  t.expire(4);
  assert.deepEqual(ended, []);
  t.expire(5);
  assert.deepEqual(ended, [[b, 'idle']]);
  t.expire(300);
  assert.deepEqual(ended.at(-1), [a, 'idle']);
  assert.equal(t.count, 0);
});

test('against a model: lookups, touches, removals, growth, eviction', () => {
  const step = fc.record({
    from: fc.nat(60),
    to: fc.nat(3),
    ports: fc.nat(40),
    kind: fc.constantFrom(...Object.values(FlowKind)),
    remove: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    time: fc.nat(20),
  });
  const plan = fc.array(step, { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(plan, fc.integer({ min: 1, max: 2000 }), fc.integer(), (steps, maxFlows, seed) => {
      const alive = new Map<string, number>();
      const names = new Map<number, string>();
      const t = new FlowTable(
        { maxFlows, timeouts },
        (flow) => {
          alive.delete(names.get(flow)!);
        },
        seed,
      );
      let now = 0;
      for (const s of steps) {
        now += s.time;
        t.expire(now);
        const name = `${s.from} ${100 + s.to} ${s.ports}`;
        const known = alive.get(name);
        const flow = t.lookup(packet(s.from, 100 + s.to, s.ports), now);
        assert.equal(t.isNew, known === undefined);
        if (known !== undefined) assert.equal(flow, known);
        names.set(flow, name);
        alive.set(name, flow);
        t.touch(flow, s.kind, now);
        if (s.remove) t.remove(flow, 'finished');
        assert.equal(t.count, alive.size);
        assert.ok(t.count <= maxFlows);
      }
      t.clear();
      assert.equal(alive.size, 0);
      assert.equal(t.count, 0);
    }),
    { numRuns: 200 },
  );
});
