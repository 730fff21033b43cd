import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { AnyConsumer } from './plan.ts';

/**
 * Stands before the instance of a node, so that another instance can take its place. While it is
 * closed, batches wait: nobody is refused.
 */
export class Slot implements Consumer<Signal> {
  #inner: AnyConsumer | undefined;
  #opened: Promise<void> | undefined;
  #open: (() => void) | undefined;

  get mutates(): boolean {
    return this.#inner?.mutates ?? false;
  }

  get takes(): ReadonlySet<string> | undefined {
    return this.#inner?.takes;
  }

  consume(batch: Batch<Signal>, ctx: Context): Promise<void> {
    if (this.#opened !== undefined) return this.#opened.then(() => this.consume(batch, ctx));
    if (this.#inner === undefined) return Promise.reject(gone());
    return this.#inner.consume(batch, ctx);
  }

  /** Batches wait from now on, until `open`. */
  close(): void {
    if (this.#opened !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#opened = promise;
    this.#open = resolve;
  }

  /** @param instance takes what waited, and what comes; undefined = it is refused, retryable */
  open(instance: AnyConsumer | undefined): void {
    this.#inner = instance;
    this.#opened = undefined;
    this.#open?.();
    this.#open = undefined;
  }
}

function gone(): PipelineError {
  return new PipelineError('the component is not running', { retryable: true });
}

/** An output of a node: what it sends to can change while it runs. */
export class Port implements Consumer<Signal> {
  #target: AnyConsumer | undefined;

  get mutates(): boolean {
    return this.#target?.mutates ?? false;
  }

  get takes(): ReadonlySet<string> | undefined {
    return this.#target?.takes;
  }

  consume(batch: Batch<Signal>, ctx: Context): Promise<void> {
    if (this.#target === undefined) return Promise.reject(gone());
    return this.#target.consume(batch, ctx);
  }

  bind(target: AnyConsumer): void {
    this.#target = target;
  }
}
