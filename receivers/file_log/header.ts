import type { Settings } from '../../component/settings.ts';
import { compileRegexp, type GoRegexp } from '../../pdata/regexp/index.ts';
import type { LogEncoding } from '../../stanza/encoding.ts';
import { Entry } from '../../stanza/entry/entry.ts';
import { Pipeline, type PipelinePlan } from '../../stanza/pipeline.ts';
import { type Splitter, splitterMaker } from '../../stanza/split.ts';
import type { FileState } from './log-file.ts';

/** Reads the lines at the start of files that describe them. */
export class HeaderReader {
  readonly #pattern: GoRegexp;
  readonly #encoding: LogEncoding;
  readonly #splitter: Splitter;
  readonly #settings: Settings;
  readonly #plan: PipelinePlan;

  constructor(settings: Settings, pattern: string, plan: PipelinePlan, encoding: LogEncoding) {
    this.#settings = settings;
    this.#pattern = compileRegexp(pattern);
    this.#plan = plan;
    this.#encoding = encoding;
    const multiline = { line_start_pattern: '', line_end_pattern: '', omit_pattern: false };
    this.#splitter = splitterMaker({ encoding, multiline, flushAtEnd: false, maxSize: 2 ** 20 })();
  }

  /**
   * Takes header lines off `data[0, filled)`; what operators make of them becomes attributes of the
   * file. The first line that does not match ends the header.
   * @returns bytes used up
   */
  read(data: Buffer, filled: number, state: FileState): number {
    const s = this.#splitter;
    let at = 0;
    while (s.next(data, at, filled, false)) {
      const line = this.#encoding
        .decode(data.subarray(s.from, s.to))
        .replace(/^[\r\n]+|[\r\n]+$/g, '');
      if (!this.#pattern.test(line)) {
        state.headerDone = true;
        return at;
      }
      this.#take(line, state);
      at = s.end;
    }
    return at;
  }

  #take(line: string, state: FileState): void {
    const out: Entry[] = [];
    const target = { process: (entries: Entry[]) => void out.push(...entries) };
    const pipeline = new Pipeline(this.#plan, this.#settings, target);
    const entry = new Entry(0n);
    entry.body = line;
    pipeline.process([entry]);
    pipeline.stop();
    for (const [key, value] of out[0]?.attributes ?? []) {
      state.attributes.set(key, typeof value === 'string' ? value : String(value));
    }
  }
}
