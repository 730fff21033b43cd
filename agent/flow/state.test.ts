import assert from 'node:assert/strict';
import test from 'node:test';
import {
  closeTypeOf,
  FlowState,
  Silence,
  StateTable,
  silenceOf,
  stateOf,
  statusOf,
} from './state.ts';

const table = new StateTable();
const flagsOf: Readonly<Record<string, number>> = {
  S: 0x02,
  SA: 0x12,
  A: 0x10,
  PA: 0x18,
  PAU: 0x38,
  F: 0x01,
  FA: 0x11,
  FPA: 0x19,
  R: 0x04,
  RA: 0x14,
  RPA: 0x1c,
};

/** Packets such as `>S <SA >A`: who sent it and its flags. */
function walk(packets: string): { state: string; silence: string } {
  const names = Object.keys(FlowState);
  let packed = FlowState.raw as number;
  for (const packet of packets.split(' ')) {
    packed = table.step(stateOf(packed), packet[0] === '<', flagsOf[packet.slice(1)]!);
  }
  return { state: names[stateOf(packed)]!, silence: Object.keys(Silence)[silenceOf(packed)]! };
}

test('connections end in the states that their packets lead to', () => {
  const f = (packets: string, state: string, silence = 'transient') =>
    assert.deepEqual(walk(packets), { state, silence }, packets);
  f('>S', 'opening1');
  f('>S >S >S', 'opening1');
  f('>S <SA', 'opening2');
  f('>S <SA >A', 'established', 'established');
  f('>PA', 'established', 'established');
  f('>S <SA >A >PA <PA >FA <FA >A', 'closed', 'closed');
  f('>S <SA >A <FA >A >FA <A', 'closed', 'closed');
  f('>S <SA >A >FA <A', 'closingTx1');
  f('>S <SA >A >FA <FA', 'closingTx2');
  f('>S <SA >A <FA >PA', 'closingRx1');
  f('>S <RA', 'serverReset');
  f('>S <A >R', 'clientPortReuse');
  f('>S <SA >R', 'openingReset', 'brief');
  f('>S <SA <R', 'establishReset');
  f('>S >R', 'establishReset');
  f('>S <SA >A >R', 'reset', 'reset');
  f('>S <SA >A <RA', 'reset', 'reset');
  f('>S <SA >A <SA <SA', 'synAck1', 'established');
  f('>S <SA >A <SA <R', 'serverQueueLack', 'reset');
  f('>S <SA >A <SA <A', 'established', 'established');
  f('>S <SA >A >FA <FA >R', 'reset', 'closed');
});

test('flags that no state foresees', () => {
  assert.equal(stateOf(table.step(FlowState.established, false, 0x03)), FlowState.exception);
  assert.equal(stateOf(table.step(FlowState.established, false, 0)), FlowState.exception);
  // ECN's bits say nothing of the state.
  assert.equal(stateOf(table.step(FlowState.raw, false, 0xc2)), FlowState.opening1);
});

test('close types and whose fault they are', () => {
  const f = (state: FlowState, want: number, status: string, more: object = {}) => {
    const facts = { clientFlags: 0, serverFlags: 0, serverPackets: 0, answered: false };
    const type = closeTypeOf({ ...facts, state, ...more });
    assert.deepEqual([type, statusOf(type)], [want, status]);
  };
  f(FlowState.exception, 0, 'unknown');
  f(FlowState.opening1, 7, 'server_error');
  f(FlowState.opening2, 10, 'client_error');
  f(FlowState.established, 3, 'server_error');
  f(FlowState.closingTx1, 8, 'ok');
  f(FlowState.closingRx1, 11, 'ok');
  f(FlowState.closed, 1, 'ok');
  f(FlowState.reset, 9, 'client_error');
  f(FlowState.reset, 2, 'server_error', { serverFlags: 4 });
  f(FlowState.reset, 20, 'ok', { answered: true });
  f(FlowState.reset, 20, 'ok', { clientFlags: 0x16, serverFlags: 0x12 });
  f(FlowState.reset, 9, 'client_error', { clientFlags: 0x1e, serverFlags: 0x12 });
  f(FlowState.clientPortReuse, 13, 'client_error');
  f(FlowState.serverReset, 15, 'server_error');
  f(FlowState.synAck1, 17, 'server_error');
  f(FlowState.serverQueueLack, 9, 'client_error', { serverPackets: 3 });
  f(FlowState.serverQueueLack, 17, 'server_error', { serverPackets: 4 });
  f(FlowState.openingReset, 18, 'client_error');
  f(FlowState.establishReset, 19, 'server_error', { serverFlags: 4 });
});
