import { splitLayout } from '../time/chunks.ts';
import { parseTime } from '../time/parse-time.ts';
import type { Zone } from '../time/zone.ts';
import { present, priorityPattern, SyslogError, type SyslogMessage } from './message.ts';

const stampPattern =
  /(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?: [1-9]|[12]\d|3[01]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d/y;
const stamp = splitLayout('Jan _2 15:04:05');

const space = 0x20;
const colon = 0x3a;
const bracket = 0x5b;
const closing = 0x5d;

const isGraph = (c: number) => c > 0x20 && c < 0x7f;
const isPrint = (c: number) => c >= 0x20 && c < 0x7f;
const isVisible = (c: number) => isPrint(c) || c === 9 || c > 0x7f;

/**
 * Parses a message of RFC 3164 (BSD). Its times have no year: the one that brings them nearest
 * before `nowMs` plus seven days is taken.
 * @param zone that its times are in
 * @throws SyslogError
 */
export function parseRfc3164(text: string, zone: Zone, nowMs: number): SyslogMessage {
  const pri = priorityPattern.exec(text);
  if (pri === null) throw new SyslogError('a priority value within angle brackets', 0);
  let at = pri[0].length;
  while (text.charCodeAt(at) === space) at += 1;
  stampPattern.lastIndex = at;
  const found = stampPattern.exec(text);
  if (found === null) throw new SyslogError('a Stamp timestamp', at);
  at += found[0].length;
  if (text.charCodeAt(at) !== space) throw new SyslogError('a space', at);
  const rest = new Tail(text, at + 1).read();
  return {
    priority: Number(pri[1]),
    timestamp: parseTime(stamp, found[0], zone, nowMs),
    hostname: present(rest.hostname),
    appname: present(rest.tag),
    procId: present(rest.content),
    message: rest.message === '' ? undefined : rest.message,
  };
}

/**
 * What follows the time: `(hostname )?(tag([content])?: )?message`. Which of them a text is shows
 * only later, so all readings that are still possible are followed at once; a part begins where the
 * last of them began one, which is what the format's best known parser does.
 */
class Tail {
  hostname = '';
  tag = '';
  content = '';
  message = '';
  readonly #text: string;
  #at: number;
  #mark: number;
  /** Characters of a hostname that is possible here; -1 = none. */
  #host = -1;
  /** Characters of a tag that is possible here; -1 = none. */
  #tagSize = -1;
  /** Inside `[...]` behind a tag. */
  #inContent = false;
  /** `]` came: `:` is next. */
  #afterContent = false;
  /** `tag:` came: a space is next. */
  #afterTag = false;
  /** A message may begin here. */
  #begin = true;
  /** A hostname may begin here as well. */
  #beginHost = true;
  #inMessage = false;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
    this.#mark = at;
  }

  read(): this {
    const text = this.#text;
    for (; this.#at < text.length; this.#at += 1) {
      const c = text.charCodeAt(this.#at);
      if (c === 0x0a && this.#at === text.length - 1 && this.#inMessage) break;
      if (!isVisible(c)) throw new SyslogError('a message of visible characters', this.#at);
      this.#step(c);
    }
    if (!this.#inMessage) throw new SyslogError('a message', this.#at);
    this.message = text.slice(this.#mark, this.#at);
    return this;
  }

  #here(): string {
    return this.#text.slice(this.#mark, this.#at);
  }

  #step(c: number): void {
    const afterTag = this.#afterTag && c === space;
    this.#stepContent(c);
    this.#afterTag = this.#stepTag(c);
    const afterHost = this.#stepHost(c);
    if (this.#begin) this.#start(c);
    else if (afterHost) {
      this.#begin = true;
      this.#beginHost = false;
    }
    if (afterTag) {
      this.#begin = true;
      this.#beginHost = false;
      this.#only = true;
    }
  }

  /** Only a message may begin, no tag. */
  #only = false;

  #start(c: number): void {
    this.#mark = this.#at;
    this.#inMessage = true;
    if (c === space && !this.#only) return;
    this.#begin = false;
    if (this.#only) {
      this.#only = false;
      return;
    }
    if (this.#beginHost && isGraph(c) && c !== colon) this.#host = 1;
    if (isPrint(c) && c !== colon && c !== bracket) this.#tagSize = 1;
  }

  #stepHost(c: number): boolean {
    if (this.#host < 0) return false;
    if (c === space) {
      this.hostname = this.#here();
      this.#host = -1;
      return true;
    }
    this.#host = isGraph(c) && c !== colon && this.#host < 255 ? this.#host + 1 : -1;
    return false;
  }

  /** @returns whether `:` ended a tag here */
  #stepTag(c: number): boolean {
    if (this.#afterContent) {
      this.#afterContent = false;
      if (c === colon) return true;
    }
    if (this.#contentEnds) {
      this.#contentEnds = false;
      this.#afterContent = true;
    }
    if (this.#tagSize < 0) return false;
    if (c === colon || c === bracket) {
      this.tag = this.#here();
      this.#tagSize = -1;
      this.#inContent = c === bracket;
      this.#contentStarts = this.#inContent;
      return c === colon;
    }
    this.#tagSize = isPrint(c) && c !== space && this.#tagSize < 48 ? this.#tagSize + 1 : -1;
    return false;
  }

  #contentStarts = false;
  #contentEnds = false;

  #stepContent(c: number): void {
    if (!this.#inContent) return;
    if (c === closing) {
      if (!this.#contentStarts) this.content = this.#here();
      this.#inContent = false;
      this.#contentEnds = true;
      this.#contentStarts = false;
      return;
    }
    if (c === bracket) {
      this.#inContent = false;
      return;
    }
    if (this.#contentStarts) this.#mark = this.#at;
    this.#contentStarts = false;
  }
}
