import fc from 'fast-check';
import { bytes, type Talk } from './frames.ts';
import type { Result } from './run.ts';

/** What one side of a connection says at once. */
export interface Turn {
  readonly client: boolean;
  readonly bytes: Uint8Array;
}

type Say = (text: Uint8Array | string) => void;

/** The turns that `tell` makes by its two functions. */
export function turnsOf(tell: (ask: Say, answer: Say) => void): Turn[] {
  const turns: Turn[] = [];
  const by =
    (client: boolean): Say =>
    (text) =>
      void turns.push({ client, bytes: bytes(text) });
  tell(by(true), by(false));
  return turns;
}

/** Says every turn as one segment. */
export function sayWhole(talk: Talk, turns: readonly Turn[]): Talk {
  for (const { client, bytes: b } of turns) client ? talk.ask(b) : talk.answer(b);
  return talk;
}

/** Sizes of segments. */
export const cuts = (max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 20 });

/** Says the turns in segments of these sizes, over and over. */
export function sayCut(talk: Talk, turns: readonly Turn[], sizes: readonly number[]): Talk {
  let n = 0;
  for (const { client, bytes: b } of turns) {
    for (let at = 0; at < b.length; ) {
      const end = Math.min(b.length, at + sizes[n++ % sizes.length]!);
      if (client) talk.ask(b.subarray(at, end));
      else talk.answer(b.subarray(at, end));
      at = end;
    }
  }
  return talk;
}

/** What befalls a turn: a byte is another, and behind `cut` it may be lost. */
export interface Damage {
  readonly lost: boolean;
  readonly cut: number;
  readonly flip: number;
  readonly value: number;
}

/** Damage to `count` turns in bytes up to `reach`. */
export const damages = (count: number, reach: number): fc.Arbitrary<Damage[]> =>
  fc.array(
    fc.record({
      lost: fc.boolean(),
      cut: fc.nat(reach),
      flip: fc.nat(reach * 2),
      value: fc.nat(255),
    }),
    { minLength: count, maxLength: count },
  );

/** Says the turns with damage. */
export function sayDamaged(talk: Talk, turns: readonly Turn[], list: readonly Damage[]): Talk {
  for (const [i, { client, bytes: b }] of turns.entries()) {
    const { lost, cut, flip, value } = list[i % list.length]!;
    const copy = Uint8Array.from(b);
    if (flip < copy.length) copy[flip] = value;
    const at = Math.min(cut, copy.length);
    const say = (x: Uint8Array, gone: boolean) =>
      client ? talk.ask(x, gone) : talk.answer(x, gone);
    if (at > 0) say(copy.subarray(0, at), false);
    if (at < copy.length) say(copy.subarray(at), lost);
  }
  return talk;
}

/** Results without their times, which go by segments. */
export function timeless(results: readonly Result[]): unknown[] {
  return results.map(({ start: _start, end: _end, ...rest }) => rest);
}
