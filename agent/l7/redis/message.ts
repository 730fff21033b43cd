import { Message } from '../message.ts';
import { commandText, operationOf, type Words, wordsOf } from './text.ts';

/** Bytes of a command that are kept: name, keys, and values as long as they are short. */
const MAX_HEAD = 512;

/** A command of the client. */
export class RedisRequest extends Message {
  /** Name in upper case; '' = not known. */
  name = '';
  /** Database that SELECT chose; '' = not known. */
  database = '';
  private head: Uint8Array;
  private headLength: number;
  private sealed = false;
  private words: Words | undefined = undefined;

  constructor(
    start: number,
    sequence: number,
    acknowledgement: number,
    b: Uint8Array,
    from: number,
    to: number,
  ) {
    super(true, start, sequence, acknowledgement);
    this.headLength = Math.min(to - from, MAX_HEAD);
    this.head = new Uint8Array(this.headLength);
    this.head.set(b.subarray(from, from + this.headLength));
  }

  /** More bytes of the command. */
  append(b: Uint8Array, from: number, to: number): void {
    const taken = Math.min(to - from, MAX_HEAD - this.headLength);
    if (taken <= 0 || this.sealed) return;
    if (this.headLength + taken > this.head.length) {
      const grown = new Uint8Array(MAX_HEAD);
      grown.set(this.head.subarray(0, this.headLength));
      this.head = grown;
    }
    this.head.set(b.subarray(from, from + taken), this.headLength);
    this.headLength += taken;
    this.words = undefined;
  }

  /** Bytes are missing after what is there: nothing is appended any more. */
  seal(): void {
    this.sealed = true;
  }

  get arguments(): Words {
    this.words ??= wordsOf(this.head, this.headLength);
    return this.words;
  }

  get operation(): string {
    return operationOf(this.arguments.words);
  }

  text(obfuscate: boolean): string {
    return commandText(this.arguments, obfuscate);
  }
}

/** The reply to one command. */
export class RedisResponse extends Message {
  /** First byte: `+` is 0x2b. */
  readonly type: number;
  /** First line of an error, without `-`; '' = none. */
  error = '';

  constructor(type: number, start: number, sequence: number, acknowledgement: number) {
    super(false, start, sequence, acknowledgement);
    this.type = type;
  }
}
