import { u16be, u32be } from '../../bytes.ts';
import { Message } from '../message.ts';
import { typeName } from './codes.ts';
import { NameReader } from './names.ts';
import { genericText, recordText } from './records.ts';

const HEADER = 12;
const MAX_RECORDS = 64;
const OPT = 41;

/** A DNS query or response; of several questions the first counts. */
export class DnsMessage extends Message {
  opcode = 0;
  /** Response code, with the extended bits of EDNS. */
  rcode = 0;
  /** Presentation format without the final dot, in the case it was asked in; '' = no question. */
  questionName = '';
  questionType = 0;
  questionClass = 0;
  questionCount = 0;
  authoritative = false;
  /** The TC bit: the answer did not fit. */
  cut = false;
  recursionDesired = false;
  recursionAvailable = false;
  answerCount = 0;
  /** Data of the answer records as text, at most 64. */
  answers: readonly string[] = [];
  /** Their types. */
  answerTypes: readonly string[] = [];

  override matches(other: Message): boolean {
    if (!(other instanceof DnsMessage) || other.opcode !== this.opcode) return false;
    // Some servers leave the question out of error responses.
    if (other.questionCount === 0 || this.questionCount === 0) return true;
    return (
      other.questionType === this.questionType &&
      other.questionClass === this.questionClass &&
      sameName(other.questionName, this.questionName)
    );
  }
}

function sameName(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase());
}

const NO_STRINGS: readonly string[] = [];

/** Parses DNS messages (RFC 1035, EDNS of RFC 6891). One is shared by all connections. */
export class DnsParser {
  private readonly names = new NameReader();

  /**
   * @param strict refuse what is unusual: for guessing whether bytes are DNS at all
   * @returns undefined when bytes [start, end) are no DNS message
   */
  parse(
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
    strict: boolean,
  ): DnsMessage | undefined {
    if (end - start < HEADER) return undefined;
    const flags = u16be(b, start + 2);
    const questions = u16be(b, start + 4);
    const answers = u16be(b, start + 6);
    const others = u16be(b, start + 8) + u16be(b, start + 10);
    const isRequest = (flags & 0x8000) === 0;
    if (strict && !plausible(flags, isRequest, questions, answers, others)) return undefined;
    const m = new DnsMessage(isRequest, time, sequence, acknowledgement);
    m.key = u16be(b, start);
    m.opcode = (flags >> 11) & 15;
    m.rcode = isRequest ? 0 : flags & 15;
    m.authoritative = (flags & 0x0400) !== 0;
    m.cut = (flags & 0x0200) !== 0;
    m.recursionDesired = (flags & 0x0100) !== 0;
    m.recursionAvailable = (flags & 0x0080) !== 0;
    m.questionCount = questions;
    m.answerCount = answers;
    m.length = end - start;
    const past = this.questions(m, b, start, end, questions);
    if (past < 0) return undefined;
    const whole = this.answersOf(m, b, start, past, end, answers, others, strict);
    return whole || (m.cut && !strict) ? m : undefined;
  }

  private questions(
    m: DnsMessage,
    b: Uint8Array,
    start: number,
    end: number,
    count: number,
  ): number {
    let at = start + HEADER;
    for (let i = 0; i < count; i++) {
      const name = this.names.read(b, start, at, end);
      at = this.names.next;
      if (name === undefined || end - at < 4) return -1;
      if (i === 0) {
        m.questionName = name;
        m.questionType = u16be(b, at);
        m.questionClass = u16be(b, at + 2) & 0x7fff;
      }
      at += 4;
    }
    return at;
  }

  /** @returns whether every record of the message is whole */
  private answersOf(
    m: DnsMessage,
    b: Uint8Array,
    start: number,
    first: number,
    end: number,
    answers: number,
    others: number,
    strict: boolean,
  ): boolean {
    if (answers + others === 0) return true;
    const texts: string[] = [];
    const types: string[] = [];
    let at = first;
    for (let i = 0; i < answers + others; i++) {
      at = this.skipName(b, at, end);
      if (at < 0 || end - at < 10) return false;
      const type = u16be(b, at);
      const data = at + 10;
      const stop = data + u16be(b, at + 8);
      if (stop > end) return false;
      if (i < answers) {
        if (texts.length < MAX_RECORDS) {
          const text = recordText(this.names, type, b, start, data, stop);
          if (text === undefined && strict) return false;
          texts.push(text ?? genericText(b, data, stop));
          types.push(typeName(type));
        }
      } else if (type === OPT && !m.isRequest) {
        m.rcode |= (u32be(b, at + 4) >>> 24) << 4;
      }
      at = stop;
    }
    m.answers = texts.length === 0 ? NO_STRINGS : texts;
    m.answerTypes = types.length === 0 ? NO_STRINGS : types;
    return true;
  }

  /** Offset after a name, which is not read; -1 when it is malformed. */
  private skipName(b: Uint8Array, start: number, end: number): number {
    let at = start;
    for (;;) {
      if (at >= end) return -1;
      const size = b[at]!;
      if (size === 0) return at + 1;
      if (size >= 0xc0) return at + 2 <= end ? at + 2 : -1;
      if (size > 63) return -1;
      at += size + 1;
    }
  }
}

/** Opcodes, flags and counts that real messages have. */
function plausible(
  flags: number,
  isRequest: boolean,
  questions: number,
  answers: number,
  others: number,
): boolean {
  const opcode = (flags >> 11) & 15;
  if (questions !== 1 || (opcode !== 0 && opcode !== 4 && opcode !== 5)) return false;
  if ((flags & 0x0040) !== 0) return false;
  if (isRequest) return (flags & 0x048f) === 0 && answers === 0 && others <= 4;
  return answers <= 512 && others <= 64;
}
