import { fstatSync, read as readCallback } from 'node:fs';
import { promisify } from 'node:util';
import type { Clock, Logger } from '../../component/settings.ts';
import type { FileLogConfig } from './config.ts';
import type { Cutter } from './cutter.ts';
import { decompress } from './gzip.ts';
import type { HeaderReader } from './header.ts';
import type { LogFile } from './log-file.ts';
import type { Sink } from './sink.ts';

const read = promisify(readCallback);

/** Bytes of one file that are taken before another file's turn. */
const turnBytes = 4 * 2 ** 20;
/** Bytes that are read at once at least, when so many are there. */
const chunkBytes = 65_536;

/** What reading needs beside the file. */
export interface ReadContext {
  readonly config: FileLogConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sink: Sink;
  readonly cutter: Cutter;
  readonly header: HeaderReader | undefined;
  /** Called between chunks: hands on what there is when it is much. False = stop reading. */
  full(): Promise<boolean>;
}

/** Reads files from where it stopped. One at a time: its buffer is used again. */
export class FileReader {
  readonly #context: ReadContext;
  #buffer: Buffer;

  constructor(context: ReadContext) {
    this.#context = context;
    const size = Math.max(chunkBytes, context.config.initial_buffer_size);
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(size, 16 * 2 ** 20));
  }

  /**
   * Reads on, at most one turn.
   * @returns whether there is more to read at once
   * @throws Error when the file cannot be read
   */
  async turn(file: LogFile): Promise<boolean> {
    const { size } = fstatSync(file.fd);
    const { state } = file;
    if (state.gzip) {
      if (size <= state.position) return false;
      await this.#readCompressed(file, size);
      return false;
    }
    if (size < state.position && !this.#truncated(file, size)) return false;
    return this.#readPlain(file);
  }

  /** @returns whether there is something to read */
  #truncated(file: LogFile, size: number): boolean {
    const { state } = file;
    const mode = this.#context.config.on_truncate;
    if (mode === 'ignore') return false;
    this.#context.logger.debug('File was truncated', { path: file.path, mode });
    state.position = mode === 'read_new' ? size : 0;
    state.offset = state.position;
    state.flush.length = 0;
    return mode === 'read_whole_file' && size > 0;
  }

  async #readPlain(file: LogFile): Promise<boolean> {
    const { state } = file;
    const { sink } = this.#context;
    sink.begin(file);
    const begun = state.position;
    let filled = 0;
    for (;;) {
      const at = state.position + filled;
      const { bytesRead } = await read(
        file.fd,
        this.#buffer,
        filled,
        this.#buffer.length - filled,
        at,
      );
      const end = bytesRead === 0;
      filled += bytesRead;
      const used = this.#cut(file, filled, end);
      if (used > 0) this.#buffer.copyWithin(0, used, filled);
      filled -= used;
      if (end && used === 0) return false;
      if (!(await this.#context.full())) return false;
      if (filled === this.#buffer.length) this.#grow();
      if (!end && state.position - begun >= turnBytes) return true;
      sink.begin(file);
    }
  }

  /** Cuts the buffer's first `filled` bytes into entries. @returns bytes used up */
  #cut(file: LogFile, filled: number, whole: boolean): number {
    const { state } = file;
    const { clock, cutter, header, sink } = this.#context;
    const nowMs = clock.monotonicMs();
    const data = this.#buffer;
    let start = 0;
    if (header !== undefined && !state.headerDone) {
      start = header.read(data, filled, state);
      state.position += start;
      if (!state.headerDone) return start;
      sink.begin(file);
    }
    for (;;) {
      const found = cutter.next(data, start, filled, whole, state, nowMs);
      if (found) {
        state.recordNumber += 1;
        if (cutter.to > cutter.from) {
          sink.add(data, cutter.from, cutter.to, state.position, state.recordNumber);
        }
      }
      const used = cutter.end - start;
      state.position += used;
      start = cutter.end;
      if (!found || used === 0) return start;
    }
  }

  #grow(): void {
    const limit = this.#context.config.max_log_size + chunkBytes;
    const size = Math.max(
      Math.min(this.#buffer.length * 2, limit),
      this.#buffer.length + chunkBytes,
    );
    const larger = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }

  /** What is compressed in `[position, size)`; its last entry needs no end. */
  async #readCompressed(file: LogFile, size: number): Promise<void> {
    const { state } = file;
    const { logger, sink } = this.#context;
    const from = state.skipDecompressed > 0 ? 0 : state.position;
    let skip = state.skipDecompressed;
    let filled = 0;
    const resume = state.position;
    sink.begin(file);
    try {
      for await (const piece of decompress(file.fd, from, size)) {
        const dropped = Math.min(skip, piece.length);
        skip -= dropped;
        for (let at = dropped; at < piece.length; ) {
          const room = Math.min(piece.length - at, this.#buffer.length - filled);
          piece.copy(this.#buffer, filled, at, at + room);
          at += room;
          filled += room;
          filled = this.#use(file, filled, false);
          if (filled === this.#buffer.length) this.#grow();
          state.position = resume;
          if (!(await this.#context.full())) return;
          sink.begin(file);
        }
      }
    } catch (error) {
      logger.error('Cannot decompress file', { path: file.path, error: (error as Error).message });
      state.position = resume;
      return;
    }
    filled = this.#use(file, filled, true);
    if (filled > 0) {
      state.recordNumber += 1;
      sink.add(this.#buffer, 0, filled, resume, state.recordNumber);
    }
    state.skipDecompressed = 0;
    state.flush.length = 0;
    state.position = size;
  }

  #use(file: LogFile, filled: number, whole: boolean): number {
    const used = this.#cut(file, filled, whole);
    if (used > 0) this.#buffer.copyWithin(0, used, filled);
    return filled - used;
  }
}
