import { type End, FilterError, type FilterNode } from './parse.ts';

/* Instructions of the classic BPF machine (linux/filter.h). */
const LD_W_ABS = 0x20;
const LD_H_ABS = 0x28;
const LD_B_ABS = 0x30;
const LD_H_IND = 0x48;
const LDX_MSH = 0xb1;
const AND_K = 0x54;
const JA = 0x05;
const JEQ_K = 0x15;
const JGE_K = 0x35;
const JSET_K = 0x45;
const RET_K = 0x06;

/** Ancillary data of the socket buffer: what protocol the frame carries, whatever its link. */
const ETHERTYPE_AT = 0xfffff000;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const TCP = 6;
const UDP = 17;

const MAX_INSTRUCTIONS = 4096;

interface Instruction {
  readonly code: number;
  readonly k: number;
  /** Labels to go to when the test holds or not; -1 = the next instruction. */
  readonly yes: number;
  readonly no: number;
}

interface CompileOptions {
  /** Bytes of link header before the IP header: 14 of Ethernet, 0 of frames without one. */
  readonly linkBytes: number;
  /** Bytes kept of each packet. */
  readonly snapLength: number;
}

/**
 * Translates a filter for the kernel: an array of struct sock_filter, 8 bytes each, in the
 * machine's byte order. Packets that are not IP never pass.
 *
 * Ports of IPv6 packets are found only right behind the fixed header, those of IPv4 fragments only
 * in the first one: such packets have no port for `port`.
 * @throws FilterError when it takes more than 4096 instructions
 */
export function compileFilter(
  filter: FilterNode | undefined,
  options: CompileOptions,
): Uint8Array<ArrayBuffer> {
  return new Compiler(options).compile(filter);
}

class Compiler {
  private readonly options: CompileOptions;
  private readonly code: Instruction[] = [];
  /** Instruction that each label stands before. */
  private readonly labels: number[] = [];

  constructor(options: CompileOptions) {
    this.options = options;
  }

  compile(filter: FilterNode | undefined): Uint8Array<ArrayBuffer> {
    const pass = this.label();
    const drop = this.label();
    const isIp = this.label();
    const six = this.label();
    this.test(LD_H_ABS, ETHERTYPE_AT, JEQ_K, ETHERTYPE_IPV4, isIp, six);
    this.place(six);
    this.test(LD_H_ABS, ETHERTYPE_AT, JEQ_K, ETHERTYPE_IPV6, isIp, drop);
    this.place(isIp);
    if (filter === undefined) this.go(pass);
    else this.node(filter, pass, drop);
    this.place(pass);
    this.emit(RET_K, this.options.snapLength);
    this.place(drop);
    this.emit(RET_K, 0);
    return this.bytes();
  }

  private node(node: FilterNode, yes: number, no: number): void {
    switch (node.kind) {
      case 'not':
        this.node(node.term, no, yes);
        return;
      case 'and':
      case 'or':
        this.several(node.kind === 'and', node.terms, yes, no);
        return;
      case 'version':
        this.version(node.version, yes, no);
        return;
      case 'protocol':
        this.protocol(node.protocol, yes, no);
        return;
      case 'ports':
        this.ports(node.end, node.from, node.to, yes, no);
        return;
      case 'network':
        this.network(node.end, node.words, node.prefix, yes, no);
        return;
    }
  }

  private several(all: boolean, terms: readonly FilterNode[], yes: number, no: number): void {
    for (const [i, term] of terms.entries()) {
      if (i === terms.length - 1) {
        this.node(term, yes, no);
        return;
      }
      const next = this.label();
      if (all) this.node(term, next, no);
      else this.node(term, yes, next);
      this.place(next);
    }
  }

  private version(version: 4 | 6, yes: number, no: number): void {
    const type = version === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
    this.test(LD_H_ABS, ETHERTYPE_AT, JEQ_K, type, yes, no);
  }

  private protocol(protocol: number, yes: number, no: number): void {
    const [four, six] = [this.label(), this.label()];
    const ip = this.options.linkBytes;
    this.version(4, four, six);
    this.place(four);
    this.test(LD_B_ABS, ip + 9, JEQ_K, protocol, yes, no);
    this.place(six);
    this.test(LD_B_ABS, ip + 6, JEQ_K, protocol, yes, no);
  }

  private ports(end: End, from: number, to: number, yes: number, no: number): void {
    const [four, six, whole4, first4, whole6] = [0, 0, 0, 0, 0].map(() => this.label()) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const ip = this.options.linkBytes;
    this.version(4, four, six);
    this.place(four);
    this.transport(ip + 9, whole4, no);
    this.place(whole4);
    this.test(LD_H_ABS, ip + 6, JSET_K, 0x1fff, no, first4);
    this.place(first4);
    this.emit(LDX_MSH, ip);
    this.eachEnd(end, yes, no, (second, found, missed) =>
      this.range(LD_H_IND, ip + (second ? 2 : 0), from, to, found, missed),
    );
    this.place(six);
    this.transport(ip + 6, whole6, no);
    this.place(whole6);
    this.eachEnd(end, yes, no, (second, found, missed) =>
      this.range(LD_H_ABS, ip + 40 + (second ? 2 : 0), from, to, found, missed),
    );
  }

  private transport(at: number, yes: number, no: number): void {
    const next = this.label();
    this.test(LD_B_ABS, at, JEQ_K, TCP, yes, next);
    this.place(next);
    this.test(LD_B_ABS, at, JEQ_K, UDP, yes, no);
  }

  private range(load: number, at: number, from: number, to: number, yes: number, no: number): void {
    if (from === to) {
      this.test(load, at, JEQ_K, from, yes, no);
      return;
    }
    const above = this.label();
    this.test(load, at, JGE_K, from, above, no);
    this.place(above);
    this.test(load, at, JGE_K, to + 1, no, yes);
  }

  private network(
    end: End,
    words: readonly number[],
    prefix: number,
    yes: number,
    no: number,
  ): void {
    const v6 = words.length === 4;
    const right = this.label();
    this.version(v6 ? 6 : 4, right, no);
    this.place(right);
    const at = this.options.linkBytes + (v6 ? 8 : 12);
    this.eachEnd(end, yes, no, (second, found, missed) =>
      this.words(at + (second ? words.length * 4 : 0), words, prefix, found, missed),
    );
  }

  private words(
    at: number,
    words: readonly number[],
    prefix: number,
    yes: number,
    no: number,
  ): void {
    for (const [i, word] of words.entries()) {
      const bits = Math.min(32, prefix - i * 32);
      if (bits <= 0) break;
      const mask = bits === 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0;
      const next = this.label();
      this.emit(LD_W_ABS, at + i * 4);
      if (bits < 32) this.emit(AND_K, mask);
      this.branch(JEQ_K, (word & mask) >>> 0, next, no);
      this.place(next);
    }
    this.go(yes);
  }

  private eachEnd(
    end: End,
    yes: number,
    no: number,
    one: (second: boolean, yes: number, no: number) => void,
  ): void {
    if (end !== 'either') {
      one(end === 'destination', yes, no);
      return;
    }
    const other = this.label();
    one(false, yes, other);
    this.place(other);
    one(true, yes, no);
  }

  private test(load: number, at: number, jump: number, k: number, yes: number, no: number): void {
    this.emit(load, at);
    this.branch(jump, k, yes, no);
  }

  /** Conditional jumps reach only 255 instructions: they choose between two that reach any. */
  private branch(jump: number, k: number, yes: number, no: number): void {
    this.emit(jump, k);
    this.go(yes);
    this.go(no);
  }

  private go(label: number): void {
    this.code.push({ code: JA, k: 0, yes: label, no: -1 });
  }

  private emit(code: number, k: number): void {
    this.code.push({ code, k, yes: -1, no: -1 });
  }

  private label(): number {
    return this.labels.push(-1) - 1;
  }

  private place(label: number): void {
    this.labels[label] = this.code.length;
  }

  private bytes(): Uint8Array<ArrayBuffer> {
    const n = this.code.length;
    if (n > MAX_INSTRUCTIONS) {
      throw new FilterError(`cannot use the filter: it takes ${n} of ${MAX_INSTRUCTIONS} steps`);
    }
    const out = new Uint8Array(n * 8);
    const view = new DataView(out.buffer);
    const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
    for (const [i, { code, k, yes }] of this.code.entries()) {
      view.setUint16(i * 8, code, little);
      // Of two jumps behind a test the test takes the first or the second.
      if (code === JEQ_K || code === JGE_K || code === JSET_K) view.setUint8(i * 8 + 3, 1);
      const target = code === JA ? this.labels[yes]! - i - 1 : k;
      if (code === JA && target < 0) throw new Error('BUG: a filter jumps back');
      view.setUint32(i * 8 + 4, target, little);
    }
    return out;
  }
}
