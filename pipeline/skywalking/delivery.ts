import type { Context } from '../../component/consumer.ts';
import { Code, type PipelineError } from '../../component/errors.ts';
import type { Clock, MemoryBudget, Timer } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { SkywalkingFault } from '../../wire/skywalking/fault.ts';
import type { Carry, Translator } from '../../wire/skywalking/translator.ts';
import type { Status } from '../../wire/status/status.ts';
import type { Outlet } from '../outlet.ts';
import type { Translators } from './translators.ts';

/** A batch of a stream goes out when it has so many bytes or items, */
const batchBytes = 512 * 1024;
const batchItems = 2000;
/** or when its first message came so long ago; the end of a call sends it at once. */
const batchMs = 100;

/** Batches of a call that may be on their way before its client has to wait. */
const maxOnTheirWay = 2;

/** What a translator that has something unfinished takes beside what it writes. */
const translatorBytes = 8192;

/** What messages of one kind need. */
export interface Kind {
  readonly translators: Translators;
  /** Where the batches go; undefined = no pipeline wants them, and they are passed over. */
  readonly outlet: Outlet<Signal> | undefined;
  /** Messages are read also when no pipeline wants them: something is learned of them. */
  readonly teaches: boolean;
}

/** Where a call can be told to wait. */
export interface Flow {
  hold(): void;
  release(): void;
}

/** What all calls of a receiver share. */
export interface Shared {
  readonly clock: Clock;
  readonly budget: MemoryBudget;
}

/** What a client is told when the pipelines do not take its data. */
function statusOf({ retryable, status, message, retryAfterMs }: PipelineError): Status {
  if (!retryable) return { code: Code.INTERNAL, message };
  // Agents look for another backend when one is unavailable or exhausted.
  const code = status === Code.RESOURCE_EXHAUSTED ? status : Code.UNAVAILABLE;
  return retryAfterMs === undefined
    ? { code, message }
    : { code, message, retryDelayMs: retryAfterMs };
}

/**
 * The messages of one call on their way to the pipelines. `answer` is called once, when all that
 * came with the call is accepted or refused: with the first refusal by a pipeline, else with what
 * was wrong with the first bad message, else with nothing. What is good is kept in any case.
 */
export class Delivery {
  readonly #kind: Kind;
  readonly #shared: Shared;
  readonly #ctx: Context;
  readonly #answer: (refusal?: Status) => void;
  readonly #flow: Flow | undefined;
  readonly #carry: Carry = { service: '', instance: '', ms: 0 };
  #translator: Translator | undefined;
  #reserved = 0;
  #timer: Timer | undefined;
  #messages = 0;
  #faults = 0;
  #fault: SkywalkingFault | undefined;
  #refusal: Status | undefined;
  #onTheirWay = 0;
  #held = false;
  #ended = false;
  #answered = false;

  constructor(
    kind: Kind,
    shared: Shared,
    ctx: Context,
    answer: (refusal?: Status) => void,
    flow?: Flow,
  ) {
    this.#kind = kind;
    this.#shared = shared;
    this.#ctx = ctx;
    this.#answer = answer;
    this.#flow = flow;
  }

  /** One message: bytes [start, end) of `chunk`, of which nothing is kept. */
  message(chunk: Uint8Array, start: number, end: number): void {
    const { outlet, teaches } = this.#kind;
    if ((outlet === undefined && !teaches) || this.#ended) return;
    this.#messages += 1;
    const translator = this.#begin();
    if (translator === undefined) return;
    const { clock } = this.#shared;
    try {
      translator.add(chunk, start, end, this.#carry, clock.unixMs());
    } catch (error) {
      if (!(error instanceof SkywalkingFault)) throw error;
      this.#faults += 1;
      this.#fault ??= error;
    }
    if (!this.#reserve(translator.byteLength + translatorBytes - this.#reserved)) return;
    if (this.#flow === undefined) return; // one request is one batch
    if (translator.byteLength >= batchBytes || translator.items >= batchItems) this.#flush();
    else this.#timer ??= clock.after(batchMs, () => this.#flush());
  }

  /** All messages have come. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#flush();
    this.#settle();
  }

  /** The client has gone: what came is delivered, nobody is answered. */
  aborted(): void {
    this.#answered = true;
    this.end();
  }

  #begin(): Translator | undefined {
    if (this.#translator !== undefined) return this.#translator;
    if (!this.#reserve(translatorBytes)) return undefined;
    this.#translator = this.#kind.translators.take();
    return this.#translator;
  }

  /** @returns false, and refuses the call, when there is no memory */
  #reserve(bytes: number): boolean {
    if (bytes <= 0) return true;
    if (this.#shared.budget.tryReserve(bytes)) {
      this.#reserved += bytes;
      return true;
    }
    const message = 'no memory for the messages now, try again later';
    this.#refusal ??= { code: Code.UNAVAILABLE, message, retryDelayMs: 1000 };
    this.#translator?.finish();
    this.#giveBack();
    this.#shared.budget.release(this.#reserved);
    this.#reserved = 0;
    this.#ended = true;
    this.#settle();
    return false;
  }

  #giveBack(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const translator = this.#translator;
    if (translator === undefined) return;
    this.#translator = undefined;
    this.#kind.translators.give(translator, this.#reserved);
  }

  #flush(): void {
    const translator = this.#translator;
    const { outlet } = this.#kind;
    const reserved = this.#reserved;
    if (translator === undefined) return;
    const batch = translator.finish();
    this.#giveBack();
    this.#reserved = 0;
    if (batch.itemCount === 0 || outlet === undefined) {
      this.#shared.budget.release(reserved);
      return;
    }
    this.#onTheirWay += 1;
    if (this.#onTheirWay >= maxOnTheirWay && !this.#held && !this.#ended) {
      this.#held = true;
      this.#flow?.hold();
    }
    outlet.hand(batch, this.#ctx, (refusal) => {
      this.#shared.budget.release(reserved);
      this.#onTheirWay -= 1;
      if (refusal !== undefined) {
        this.#refusal ??= statusOf(refusal);
        this.end();
      }
      if (this.#held) {
        this.#held = false;
        this.#flow?.release();
      }
      this.#settle();
    });
  }

  #settle(): void {
    if (!this.#ended || this.#answered || this.#onTheirWay > 0) return;
    this.#answered = true;
    if (this.#refusal !== undefined) this.#answer(this.#refusal);
    else if (this.#fault === undefined) this.#answer();
    else {
      const of = this.#messages > 1 ? `${this.#faults} of ${this.#messages} messages: ` : '';
      this.#answer({ code: Code.INVALID_ARGUMENT, message: `${of}${this.#fault.message}` });
    }
  }
}
