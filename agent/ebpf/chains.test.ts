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

/** A request to another service. @returns key that it is counted under, and its message */
function out(chains: Chains, origin: Origin, pid = PID): { key: number; message: Message } {
  const message = new Message(true, 0, 0, 0);
  message.origin = origin;
  chains.called(pid, message, origin);
  return { key: message.chain, message };
}

const PID = 10;
const node = { rule: 'node_async_id' } as const;

test('a call keeps the chain of a request that is being answered', () => {
  const chains = new Chains(10);
  const asked = call(1);
  chains.served(PID, whole(), asked);
  const asks = call(1);
  assert.equal(out(chains, asks).key, keyOf(call(1)));
  assert.equal(asks.chainLow, 1);
  const answered = call(1);
  chains.done(PID, keyOf(asked), session(asked, answered));
  assert.equal(answered.chainLow, 1);
  const late = call(1);
  assert.equal(out(chains, late).key, 0);
  assert.deepEqual([late.chainHigh, late.chainLow], [0, 0]);
  assert.deepEqual([...chains.withheld], [['not_live', 1]]);
});

test('zero is no chain and equals none', () => {
  const chains = new Chains(10);
  chains.served(PID, whole(), call(0));
  assert.equal(out(chains, call(0)).key, 0);
  assert.equal(keyOf(call(0)), 0);
  assert.equal(chains.withheld.size, 0);
});

test('a chain of another process is none', () => {
  const chains = new Chains(10);
  chains.served(PID, whole(), call(1));
  const asks = call(1);
  assert.equal(out(chains, asks, PID + 1).key, 0);
  assert.equal(keyOf(asks), 0);
});

test('of pipelined requests neither is linked', () => {
  const chains = new Chains(10);
  const [a, b] = [call(1), call(1)];
  chains.served(PID, whole(), a);
  chains.served(PID, whole(), b);
  assert.deepEqual([keyOf(a), keyOf(b)], [0, 0]);
  const asks = call(1);
  out(chains, asks);
  assert.equal(keyOf(asks), 0);
  chains.done(PID, keyOf(call(1)), session(a));
  out(chains, call(1));
  assert.equal(chains.withheld.get('pipelined'), 4);
  chains.done(PID, keyOf(call(1)), session(b));
  out(chains, call(1));
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
    const asks = call(1, { ...node, ...extra });
    const { key, message } = out(chains, asks);
    assert.equal(key, 0);
    chains.over(message);
    assert.equal(keyOf(asks), 0, JSON.stringify(extra));
  }
  assert.equal(chains.withheld.get('pooled'), 2);
  const plain = call(1, node);
  assert.notEqual(out(chains, plain).key, 0);
  // Once the other has a call under way it waits for nothing else.
  const key = out(chains, call(2, node)).key;
  assert.notEqual(out(chains, call(1, { ...node, derived: true })).key, 0);
  chains.answered(PID, key);
  assert.equal(out(chains, call(1, { ...node, derived: true })).key, 0);
});

test('what others call for themselves meanwhile ends the doubt', () => {
  const chains = new Chains(10);
  for (const n of [1, 2, 3]) chains.served(PID, whole(), call(n));
  const asks = call(1, { rule: 'connect', first: true });
  const { message } = out(chains, asks);
  chains.connecting(PID, call(2, node));
  assert.equal(message.chain, 0);
  out(chains, call(3, node));
  assert.equal(message.chain, keyOf(call(1)));
  chains.over(message);
  assert.equal(keyOf(asks), keyOf(call(1)));
  assert.equal(chains.withheld.size, 0);
});

test('a doubt that ends ends others', () => {
  const chains = new Chains(10);
  for (const n of [1, 2, 3]) chains.served(PID, whole(), call(n));
  const one = out(chains, call(1, { ...node, first: true }));
  chains.connecting(PID, call(3, node));
  const three = out(chains, call(2, node));
  assert.equal(one.message.chain, keyOf(call(1)));
  chains.answered(PID, three.key);
  const two = out(chains, call(2, { ...node, derived: true }));
  assert.equal(two.message.chain, keyOf(call(2)));
});

test('two that may have changed places stay in doubt, as does what is over', () => {
  const chains = new Chains(10);
  chains.served(PID, whole(), call(1));
  chains.served(PID, whole(), call(2));
  const [one, two] = [1, 2].map((n) => out(chains, call(n, { ...node, first: true })));
  chains.over(one!.message);
  out(chains, call(1, node));
  assert.equal(two!.message.chain, keyOf(call(2)));
  out(chains, call(2, node));
  assert.equal(one!.message.chain, 0);
  assert.equal(keyOf(one!.message.origin!), 0);
  assert.deepEqual([...chains.withheld], [['pooled', 1]]);
});

test('that a request is answered, or calls in a guessed way, shows nothing', () => {
  const chains = new Chains(10);
  for (const n of [1, 2, 3]) chains.served(PID, whole(), call(n));
  const { message } = out(chains, call(1, { rule: 'tick' }));
  chains.answering(PID, call(2));
  chains.connecting(PID, call(3, { rule: 'tick' }));
  assert.equal(message.chain, 0);
  chains.over(message);
  assert.equal(chains.withheld.get('pooled'), 1);
});

test('of very many that wait it is not asked which', () => {
  const chains = new Chains(1000);
  for (let n = 1; n <= 100; n++) chains.served(PID, whole(), call(n));
  const asks = call(1, { ...node, first: true });
  out(chains, asks);
  assert.equal(keyOf(asks), 0);
});

test('a loop may go on with a request that waited for a timer', () => {
  const tick = { rule: 'tick' } as const;
  const chains = new Chains(10);
  chains.served(PID, whole(), call(1));
  assert.notEqual(out(chains, call(1, tick)).key, 0);
  chains.served(PID, whole(), call(2));
  chains.served(PID, whole(), call(3));
  // 2 or 3 may have been delayed.
  assert.equal(out(chains, call(3, tick)).key, 0);
  assert.equal(out(chains, call(3, { rule: 'connect' })).key, 0);
  chains.answering(PID, call(2));
  assert.notEqual(out(chains, call(3, tick)).key, 0);
  const parts = new Message(true, 0, 0, 0);
  chains.served(PID, parts, call(4));
  // The rest of 4 is still to come: its own read brings it.
  assert.notEqual(out(chains, call(3, tick)).key, 0);
});

test('a connection that is made counts as under way', () => {
  const tick = { rule: 'tick' } as const;
  const chains = new Chains(10);
  chains.served(PID, whole(), call(1));
  chains.served(PID, whole(), call(2));
  const key = chains.connecting(PID, call(2));
  assert.notEqual(out(chains, call(1, tick)).key, 0);
  chains.answered(PID, key);
  assert.equal(out(chains, call(1, tick)).key, 0);
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
