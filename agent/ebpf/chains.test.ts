import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Message } from '../l7/message.ts';
import type { AsyncRule, Origin } from '../l7/origin.ts';
import type { Session } from '../session/session.ts';
import { agree, Chains, keyOf } from './chains.ts';

interface Extra {
  readonly thread?: number;
  readonly rule?: AsyncRule;
  readonly derived?: boolean;
  readonly first?: boolean;
}

function call(chain: number, extra: Extra = {}): Origin {
  const { thread = 1, rule = '', derived = false, first = false } = extra;
  return {
    chainHigh: chain === 0 ? 0 : 7,
    chainLow: chain,
    thread,
    number: 1,
    rule,
    derived,
    first,
  };
}

function session(asked: Origin, answered?: Origin): Session {
  const message = (isRequest: boolean, origin: Origin | undefined) => {
    const m = new Message(isRequest, 0, 0, 0);
    m.origin = origin;
    return m;
  };
  const response = answered === undefined ? undefined : message(false, answered);
  return { request: message(true, asked), response } as unknown as Session;
}

/** A request that came whole. */
function whole(): Message {
  const m = new Message(true, 0, 0, 0);
  m.ended = true;
  return m;
}

const PID = 10;
const node = { rule: 'node_async_id' } as const;

test('a call keeps the chain of a request that is being answered', () => {
  const chains = new Chains(10);
  const asked = call(1);
  chains.served(PID, whole(), asked);
  const out = call(1);
  assert.equal(chains.called(PID, out), keyOf(call(1)));
  assert.equal(out.chainLow, 1);
  const answered = call(1);
  chains.done(PID, keyOf(asked), session(asked, answered));
  assert.equal(answered.chainLow, 1);
  const late = call(1);
  assert.equal(chains.called(PID, late), 0);
  assert.deepEqual([late.chainHigh, late.chainLow], [0, 0]);
  assert.deepEqual([...chains.withheld], [['not_live', 1]]);
});

test('zero is no chain and equals none', () => {
  const chains = new Chains(10);
  chains.served(PID, whole(), call(0));
  assert.equal(chains.called(PID, call(0)), 0);
  assert.equal(keyOf(call(0)), 0);
  assert.equal(chains.withheld.size, 0);
});

test('a chain of another process is none', () => {
  const chains = new Chains(10);
  chains.served(PID, whole(), call(1));
  const out = call(1);
  assert.equal(chains.called(PID + 1, out), 0);
  assert.equal(keyOf(out), 0);
});

test('of pipelined requests neither is linked', () => {
  const chains = new Chains(10);
  const [a, b] = [call(1), call(1)];
  chains.served(PID, whole(), a);
  chains.served(PID, whole(), b);
  assert.deepEqual([keyOf(a), keyOf(b)], [0, 0]);
  const out = call(1);
  chains.called(PID, out);
  assert.equal(keyOf(out), 0);
  chains.done(PID, keyOf(call(1)), session(a));
  chains.called(PID, call(1));
  assert.equal(chains.withheld.get('pipelined'), 4);
  chains.done(PID, keyOf(call(1)), session(b));
  chains.called(PID, call(1));
  assert.equal(chains.withheld.get('not_live'), 1);
});

test('work that changed hands is not linked', () => {
  const chains = new Chains(10);
  const asked = call(1, { thread: 1 });
  const answered = call(1, { thread: 2 });
  chains.served(PID, whole(), asked);
  chains.done(PID, keyOf(asked), session(asked, answered));
  assert.deepEqual([keyOf(asked), keyOf(answered)], [0, 0]);
  assert.equal(chains.withheld.get('handed_over'), 1);
});

test('after an answer, or on a new connection, another request may have waited for it', () => {
  const chains = new Chains(10);
  chains.served(PID, whole(), call(1));
  chains.served(PID, whole(), call(2));
  for (const extra of [{ derived: true }, { first: true }]) {
    const out = call(1, { ...node, ...extra });
    chains.called(PID, out);
    assert.equal(keyOf(out), 0, JSON.stringify(extra));
  }
  assert.equal(chains.withheld.get('pooled'), 2);
  const plain = call(1, node);
  assert.notEqual(chains.called(PID, plain), 0);
  // Once the other has a call under way it waits for nothing else.
  const key = chains.called(PID, call(2, node));
  assert.notEqual(chains.called(PID, call(1, { ...node, derived: true })), 0);
  chains.answered(PID, key);
  assert.equal(chains.called(PID, call(1, { ...node, derived: true })), 0);
});

test('a loop may go on with a request that waited for a timer', () => {
  const tick = { rule: 'tick' } as const;
  const chains = new Chains(10);
  chains.served(PID, whole(), call(1));
  assert.notEqual(chains.called(PID, call(1, tick)), 0);
  chains.served(PID, whole(), call(2));
  chains.served(PID, whole(), call(3));
  // 2 or 3 may have been delayed.
  assert.equal(chains.called(PID, call(3, tick)), 0);
  assert.equal(chains.called(PID, call(3, { rule: 'connect' })), 0);
  chains.answering(PID, call(2));
  assert.notEqual(chains.called(PID, call(3, tick)), 0);
  const parts = new Message(true, 0, 0, 0);
  chains.served(PID, parts, call(4));
  // The rest of 4 is still to come: its own read brings it.
  assert.notEqual(chains.called(PID, call(3, tick)), 0);
});

test('a connection that is made counts as under way', () => {
  const tick = { rule: 'tick' } as const;
  const chains = new Chains(10);
  chains.served(PID, whole(), call(1));
  chains.served(PID, whole(), call(2));
  const key = chains.connecting(PID, call(2));
  assert.notEqual(chains.called(PID, call(1, tick)), 0);
  chains.answered(PID, key);
  assert.equal(chains.called(PID, call(1, tick)), 0);
});

test('requests beyond the limit get no chain', () => {
  const chains = new Chains(1);
  const first = call(1);
  chains.served(PID, whole(), first);
  const second = call(2);
  chains.served(PID, whole(), second);
  assert.equal(keyOf(second), 0);
  chains.done(PID, keyOf(call(1)), session(first));
  const third = call(3);
  chains.served(PID, whole(), third);
  assert.equal(keyOf(third), keyOf(call(3)));
});

test('an answer has the chain of its request or none', () => {
  const s = session(call(1), call(2));
  agree(s.request, s.response);
  assert.equal(keyOf(s.response!.origin!), 0);
  const same = session(call(1), call(1));
  agree(same.request, same.response);
  assert.equal(keyOf(same.response!.origin!), keyOf(call(1)));
});
