import type { Translator } from '../../wire/skywalking/translator.ts';

/** Translators kept for the next message, at most. */
const maxIdle = 32;

/** One that has written a batch of more bytes than this is not kept: it keeps its buffer. */
const maxKeptBytes = 1 << 20;

/** Translators of one kind: one is taken while there is something unfinished, then given back. */
export class Translators {
  readonly #make: () => Translator;
  readonly #idle: Translator[] = [];

  constructor(make: () => Translator) {
    this.#make = make;
  }

  take(): Translator {
    return this.#idle.pop() ?? this.#make();
  }

  /** @param bytes of the largest batch that it wrote meanwhile */
  give(translator: Translator, bytes: number): void {
    if (this.#idle.length < maxIdle && bytes <= maxKeptBytes) this.#idle.push(translator);
  }
}
