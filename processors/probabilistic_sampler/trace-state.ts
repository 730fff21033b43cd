import { parseRandomness, parseThreshold, type Randomness, type Threshold } from './threshold.ts';

/** A member of a trace state, or of its `ot` value. */
interface Member {
  readonly key: string;
  readonly value: string;
}

const longestState = 1024;
const longestOt = 256;
const mostMembers = 32;

const w3cKey = /^(?:[a-z][a-z0-9_\-*/]*|[a-z0-9][a-z0-9_\-*/]*@[a-z][a-z0-9_\-*/]*)$/;
const w3cValue = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const otMember = /^([a-z][a-z0-9]*):([A-Za-z0-9._-]*)$/;

const trim = (text: string) => text.replace(/^[ \t]+|[ \t]+$/g, '');

/**
 * A W3C trace state with OpenTelemetry's member `ot`
 * (https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/). Used again for each span.
 */
export class TraceState {
  /** `rv:` and `th:` of `ot`, as text and read; '' = absent. */
  randomnessText = '';
  randomness: Randomness | undefined;
  thresholdText = '';
  threshold: Threshold | undefined;
  readonly #ot: Member[] = [];
  readonly #others: Member[] = [];

  clear(): void {
    this.#clearOt();
    this.#others.length = 0;
  }

  #clearOt(): void {
    this.randomnessText = '';
    this.randomness = undefined;
    this.thresholdText = '';
    this.threshold = undefined;
    this.#ot.length = 0;
  }

  /**
   * Reads a trace state. As in the Go collector what could be read stays where there is a fault.
   * @returns what is wrong with it, '' = nothing
   */
  read(text: string): string {
    this.clear();
    if (text === '') return '';
    if (Buffer.byteLength(text) > longestState) return 'invalid tracestate size';
    const members = text.split(',').map(trim);
    for (const member of members) if (member !== '' && !isMember(member)) return 'invalid syntax';
    // an empty text behind the last comma is no member
    if (text.endsWith(',')) members.pop();
    let fault = '';
    for (let i = 0; i < members.length; i += 1) {
      if (i + 1 >= mostMembers) return 'invalid tracestate size';
      const member = members[i]!;
      if (member === '') continue;
      const at = member.indexOf('=');
      fault ||= this.#take(member.slice(0, at), member.slice(at + 1));
    }
    return fault;
  }

  #take(key: string, value: string): string {
    const [tenant = '', system] = key.split('@');
    const tooLong = system !== undefined && (tenant.length > 241 || system.length > 14);
    if (key.length > 256 || tooLong) return 'invalid tracestate size';
    if (key === 'ot') return this.#readOt(value);
    this.#others.push({ key, value });
    return '';
  }

  #readOt(text: string): string {
    this.#clearOt();
    if (text.length > longestOt) return 'invalid tracestate size';
    const members = text.split(';').map((member) => otMember.exec(member));
    if (members.includes(null)) return 'invalid syntax';
    let fault = '';
    for (const match of members) {
      const key = match![1]!;
      const value = match![2]!;
      if (key === 'rv') {
        this.randomness = parseRandomness(value);
        this.randomnessText = this.randomness === undefined ? '' : value;
        if (this.randomness === undefined) fault ||= 'r-value must have 14 hex digits';
      } else if (key === 'th') {
        this.threshold = parseThreshold(value);
        this.thresholdText = this.threshold === undefined ? '' : value;
        if (this.threshold === undefined) fault ||= 't-value must have 1 to 14 hex digits';
      } else this.#ot.push({ key, value });
    }
    return fault;
  }

  /** The state as text: `ot` first. */
  write(): string {
    const ot = this.#ot.map(({ key, value }) => `${key}:${value}`);
    if (this.thresholdText !== '') ot.unshift(`th:${this.thresholdText}`);
    if (this.randomnessText !== '') ot.unshift(`rv:${this.randomnessText}`);
    const members = this.#others.map(({ key, value }) => `${key}=${value}`);
    if (ot.length > 0) members.unshift(`ot=${ot.join(';')}`);
    return members.join(',');
  }
}

function isMember(member: string): boolean {
  const at = member.indexOf('=');
  return at > 0 && w3cKey.test(member.slice(0, at)) && w3cValue.test(member.slice(at + 1));
}
