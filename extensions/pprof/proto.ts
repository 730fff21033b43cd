/*
 * A profile in the protobuf format of pprof
 * (https://github.com/google/pprof/blob/main/proto/profile.proto), written directly.
 */

/** A place in a program. */
export interface Frame {
  readonly name: string;
  readonly file: string;
  /** From 1; 0 = unknown. */
  readonly line: number;
}

/** What a value counts, e.g. `cpu` in `nanoseconds`. */
export interface ValueType {
  readonly type: string;
  readonly unit: string;
}

/** Values of one stack. */
export interface Sample {
  /** The innermost frame first. */
  readonly stack: readonly Frame[];
  /** One for each type. */
  readonly values: readonly number[];
}

/** A profile to be written. */
export interface Profile {
  readonly types: readonly ValueType[];
  readonly samples: readonly Sample[];
  /** Of what a sample is taken each `period`. */
  readonly periodType: ValueType;
  readonly period: number;
  /** Milliseconds since 1970. */
  readonly unixMs: number;
  readonly durationMs: number;
}

class Writer {
  readonly #bytes: number[] = [];

  varint(value: number): void {
    let rest = Math.max(0, Math.round(value));
    while (rest > 127) {
      this.#bytes.push((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.#bytes.push(rest);
  }

  number(field: number, value: number): void {
    if (value === 0) return;
    this.varint(field * 8);
    this.varint(value);
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.varint(field * 8 + 2);
    this.varint(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
  }

  message(field: number, write: (inner: Writer) => void): void {
    const inner = new Writer();
    write(inner);
    this.bytes(field, inner.done());
  }

  packed(field: number, values: readonly number[]): void {
    this.message(field, (inner) => {
      for (const value of values) inner.varint(value);
    });
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Numbers for texts, from 0, which is ''. */
class Strings {
  readonly list: string[] = [''];
  readonly #known = new Map([['', 0]]);

  index(text: string): number {
    let index = this.#known.get(text);
    if (index === undefined) {
      index = this.list.push(text) - 1;
      this.#known.set(text, index);
    }
    return index;
  }
}

/** Ids, from 1, for frames: a location and a function each. */
class Frames {
  readonly list: Frame[] = [];
  readonly #known = new Map<string, number>();

  id(frame: Frame): number {
    const key = `${frame.line} ${frame.file} ${frame.name}`;
    let id = this.#known.get(key);
    if (id === undefined) {
      id = this.list.push(frame);
      this.#known.set(key, id);
    }
    return id;
  }
}

/** The profile's bytes, not compressed. */
export function encodeProfile(profile: Profile): Uint8Array {
  const out = new Writer();
  const strings = new Strings();
  const frames = new Frames();
  const valueType = (field: number, { type, unit }: ValueType) =>
    out.message(field, (inner) => {
      inner.number(1, strings.index(type));
      inner.number(2, strings.index(unit));
    });
  for (const type of profile.types) valueType(1, type);
  for (const { stack, values } of profile.samples) {
    out.message(2, (inner) => {
      inner.packed(
        1,
        stack.map((frame) => frames.id(frame)),
      );
      inner.packed(2, values);
    });
  }
  frames.list.forEach(({ name, file, line }, i) => {
    out.message(4, (inner) => {
      inner.number(1, i + 1);
      inner.message(4, (place) => {
        place.number(1, i + 1);
        place.number(2, line);
      });
    });
    out.message(5, (inner) => {
      inner.number(1, i + 1);
      inner.number(2, strings.index(name));
      inner.number(3, strings.index(name));
      inner.number(4, strings.index(file));
      inner.number(5, line);
    });
  });
  valueType(11, profile.periodType);
  for (const text of strings.list) out.bytes(6, Buffer.from(text));
  out.number(9, profile.unixMs * 1e6);
  out.number(10, profile.durationMs * 1e6);
  out.number(12, profile.period);
  return out.done();
}
