import type { ZlibOptions, ZstdOptions } from 'node:zlib';

type Options = ZlibOptions & ZstdOptions;

/** With `info: true` the result comes with the stream that made it. */
interface WithEngine {
  readonly buffer: Buffer;
  readonly engine: { _outBuffer: unknown; buffers: unknown; cb: () => void };
}

/** A function of node:zlib that does a whole body on another thread, and one that does it here. */
type Whole = (
  input: Buffer,
  options: Options,
  done: (error: Error | null, result: Buffer | WithEngine) => void,
) => void;
type WholeSync = (input: Buffer, options: Options) => Buffer | WithEngine;

const forgotten = (): void => undefined;

/**
 * The output. The stream inside these functions stays alive until a full garbage collection, since
 * node:zlib has a native handle to it: so it is made to forget the output, which would be kept as
 * long, however soon it is done with.
 */
function outputOf(result: Buffer | WithEngine): Buffer {
  if (!('engine' in result)) return result;
  result.engine._outBuffer = undefined;
  result.engine.buffers = undefined;
  result.engine.cb = forgotten; // the callback holds the promise, and that the output
  return result.buffer;
}

/** The function as one that returns a promise. */
export function oneShot(whole: unknown): (input: Buffer, options: Options) => Promise<Buffer> {
  return (input, options) =>
    new Promise((resolve, reject) => {
      (whole as Whole)(input, { ...options, info: true }, (error, result) => {
        if (error === null) resolve(outputOf(result));
        else reject(error);
      });
    });
}

/** The same for a function that does its work at once. */
export function oneShotSync(whole: unknown): (input: Buffer, options: Options) => Buffer {
  return (input, options) => outputOf((whole as WholeSync)(input, { ...options, info: true }));
}
