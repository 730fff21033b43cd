import { isUtf8 } from 'node:buffer';

const newline = 10;
const space = 32;
const plus = 43;
const minus = 45;
const dot = 46;
const zero = 48;
const colon = 58;
const capitalF = 70;
const capitalT = 84;
const capitalZ = 90;

/** Reads whole lines of CRI-O and containerd from bytes: `time stream F log`. */
export class CriLine {
  #data: Uint8Array = new Uint8Array(0);
  #at = 0;
  #to = 0;
  /** Seconds since 1970, and nanoseconds. */
  seconds = 0;
  nanoseconds = 0;
  format: 'crio' | 'containerd' = 'crio';
  isStderr = false;
  /** Where the log begins; it ends with the line. */
  logFrom = 0;

  /**
   * @returns false for what needs a closer look: partial, empty and strange lines, strange times
   *   and text that is no UTF-8
   */
  read(data: Buffer, from: number, to: number): boolean {
    this.#data = data;
    this.#at = from;
    this.#to = to;
    if (!this.#time() || !this.#stream()) return false;
    const at = this.#at;
    if (data[at] !== capitalF || data[at + 1] !== space || at + 2 >= to) return false;
    this.logFrom = at + 2;
    const end = data.indexOf(newline, at);
    return (end < 0 || end >= to) && isUtf8(data.subarray(this.logFrom, to));
  }

  #time(): boolean {
    const year = this.#number(4);
    if (year < 1000 || !this.#is(minus)) return false;
    const month = this.#number(2);
    if (month < 1 || month > 12 || !this.#is(minus)) return false;
    const day = this.#number(2);
    if (day < 1 || !this.#is(capitalT)) return false;
    const days = Date.UTC(year, month - 1, day) / 86_400_000;
    if (day > 28 && new Date(days * 86_400_000).getUTCDate() !== day) return false;
    const clock = this.#clock(true);
    if (clock < 0 || !this.#fraction()) return false;
    const offset = this.#offset();
    this.seconds = days * 86_400 + clock - offset;
    return !Number.isNaN(offset) && this.#is(space);
  }

  /** @returns seconds, -1 when there is no such time of day */
  #clock(seconds: boolean): number {
    const hour = this.#number(2);
    if (hour < 0 || hour > 23 || !this.#is(colon)) return -1;
    const minute = this.#number(2);
    if (minute < 0 || minute > 59) return -1;
    if (!seconds) return hour * 3600 + minute * 60;
    if (!this.#is(colon)) return -1;
    const second = this.#number(2);
    return second < 0 || second > 59 ? -1 : hour * 3600 + minute * 60 + second;
  }

  #fraction(): boolean {
    this.nanoseconds = 0;
    if (this.#data[this.#at] !== dot) return true;
    const from = this.#at + 1;
    let at = from;
    for (let unit = 1e8; at < from + 9; at += 1, unit /= 10) {
      const digit = this.#data[at]! - zero;
      if (!(digit >= 0 && digit <= 9)) break;
      this.nanoseconds += digit * unit;
    }
    this.#at = at;
    return at > from;
  }

  /** @returns seconds east of UTC, NaN when nothing of that kind is there */
  #offset(): number {
    const sign = this.#data[this.#at];
    this.#at += 1;
    this.format = sign === capitalZ ? 'containerd' : 'crio';
    if (sign === capitalZ) return 0;
    if (sign !== plus && sign !== minus) return Number.NaN;
    const offset = this.#clock(false);
    if (offset < 0) return Number.NaN;
    return sign === plus ? offset : -offset;
  }

  #stream(): boolean {
    const from = this.#at;
    if (this.#to - from < 9) return false;
    const text = this.#data;
    for (let i = 0; i < 3; i += 1) if (text[from + i] !== stdout[i]) return false;
    this.isStderr = text[from + 3] === stderr[3];
    const rest = this.isStderr ? stderr : stdout;
    for (let i = 3; i < 7; i += 1) if (text[from + i] !== rest[i]) return false;
    this.#at = from + 7;
    return true;
  }

  /** @returns -1 when there are not so many digits */
  #number(digits: number): number {
    let value = 0;
    for (let i = 0; i < digits; i += 1) {
      const digit = this.#data[this.#at + i]! - zero;
      if (!(digit >= 0 && digit <= 9)) return -1;
      value = value * 10 + digit;
    }
    this.#at += digits;
    return value;
  }

  #is(byte: number): boolean {
    const found = this.#data[this.#at] === byte;
    this.#at += 1;
    return found;
  }
}

const stdout = Buffer.from('stdout ');
const stderr = Buffer.from('stderr ');
