import type { TraceReader } from '../../../storage/traces/reader.ts';
import { Gate } from '../../gate.ts';
import { WebError } from '../route.ts';
import { OpenTrace } from './open-trace.ts';

interface TraceCacheOptions {
  readonly reader: TraceReader;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Traces that are kept; 32 unless given. */
  readonly maxTraces?: number;
  /** Bytes of all that are kept, roughly, the newest always; 128 MiB unless given. */
  readonly maxBytes?: number;
}

/** A trace that was read so lately is not read again. */
const freshMs = 3_000;
/** Traces that are there with all their spans as objects, ten times what they are packed. */
const readAtOnce = 2;
const mostWaiting = 100;

interface Kept {
  readonly trace: OpenTrace;
  readAtMs: number;
}

/**
 * Traces that were opened, so that their rows are cut out of memory. Kept by version: who looks at
 * one goes on seeing it when a newer one was read. The longest unused go first.
 */
export class TraceCache {
  readonly #options: TraceCacheOptions;
  readonly #kept = new Map<string, Kept>();
  /** Newest version by trace id and adjustment. */
  readonly #newest = new Map<string, string>();
  readonly #reading = new Map<string, Promise<OpenTrace>>();
  readonly #gate = new Gate(
    readAtOnce,
    mostWaiting,
    () => new WebError('unavailable', 'too many traces are being opened', 'Try again in a moment.'),
  );

  constructor(options: TraceCacheOptions) {
    this.#options = options;
  }

  /** The trace as it is stored now, or was moments ago. @throws WebError, ReadError */
  async open(id: string, options: { adjust: boolean; fresh?: boolean }): Promise<OpenTrace> {
    const key = `${id}/${options.adjust}`;
    const known = this.#find(id, this.#newest.get(key) ?? '');
    const young = known !== undefined && this.#options.now() - known.readAtMs < freshMs;
    if (young && options.fresh !== true) return known.trace;
    let reading = this.#reading.get(key);
    if (reading === undefined) {
      reading = this.#inTurn(id, options.adjust).finally(() => this.#reading.delete(key));
      this.#reading.set(key, reading);
    }
    return reading;
  }

  /** The version asked for, or the newest where that is no longer kept. */
  async at(id: string, version: string, adjust: boolean): Promise<OpenTrace> {
    return this.#find(id, version)?.trace ?? this.open(id, { adjust });
  }

  /** A version that is kept. */
  kept(id: string, version: string): OpenTrace | undefined {
    return this.#find(id, version)?.trace;
  }

  #find(id: string, version: string): Kept | undefined {
    const key = `${id}/${version}`;
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found;
  }

  /** Gives the trace when it is laid out; the next one is read when its spans are packed. */
  #inTurn(id: string, adjust: boolean): Promise<OpenTrace> {
    const opened = Promise.withResolvers<OpenTrace>();
    const read = async (): Promise<void> => {
      const trace = await this.#read(id, adjust);
      opened.resolve(trace);
      await trace.packed();
    };
    this.#gate.run(read).catch(opened.reject);
    return opened.promise;
  }

  async #read(id: string, adjust: boolean): Promise<OpenTrace> {
    const [stored] = await this.#options.reader.getTraces([id]);
    if (stored === undefined || stored.spans.length === 0) {
      const hint = 'It may still be on its way, or be older than what is kept.';
      throw new WebError('not_found', `no trace ${JSON.stringify(id)} is stored`, hint);
    }
    const trace = new OpenTrace(stored, adjust);
    const readAtMs = this.#options.now();
    const same = this.#find(id, trace.version);
    this.#newest.set(`${id}/${adjust}`, trace.version);
    if (same !== undefined && same.trace.truncated === trace.truncated) {
      same.readAtMs = readAtMs;
      return same.trace;
    }
    this.#kept.set(`${id}/${trace.version}`, { trace, readAtMs });
    this.#evict();
    return trace;
  }

  #evict(): void {
    const { maxTraces = 32, maxBytes = 128 << 20 } = this.#options;
    let bytes = 0;
    for (const { trace } of this.#kept.values()) bytes += trace.bytes;
    for (const [key, { trace }] of this.#kept) {
      if (this.#kept.size === 1 || (this.#kept.size <= maxTraces && bytes <= maxBytes)) break;
      this.#kept.delete(key);
      bytes -= trace.bytes;
      for (const [name, version] of this.#newest) {
        if (version === trace.version && name.startsWith(trace.traceId)) this.#newest.delete(name);
      }
    }
  }
}
