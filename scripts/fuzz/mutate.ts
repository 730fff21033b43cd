import { seededWords } from '../../testing/random.ts';

/** A small seeded generator: a seed replays a run. */
export class Prng {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededWords(seed);
  }

  /** Uniform integer in [0, below). */
  int(below: number): number {
    return Math.floor((this.#next() / 2 ** 32) * below);
  }
}

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x1a, 0x22, 0x7b, 0x5b, 0x22, 0x5c];

/** One of the seeds with a few random changes, or rarely random bytes alone. */
export function mutate(seeds: readonly Buffer[], random: Prng): Buffer {
  if (seeds.length === 0 || random.int(50) === 0) {
    return Buffer.from(Array.from({ length: random.int(200) }, () => random.int(256)));
  }
  let bytes = Buffer.from(seeds[random.int(seeds.length)] ?? []);
  for (let changes = random.int(5); changes >= 0; changes -= 1) {
    bytes = change(bytes, seeds, random);
  }
  return bytes;
}

function change(bytes: Buffer, seeds: readonly Buffer[], random: Prng): Buffer<ArrayBuffer> {
  const at = random.int(bytes.length + 1);
  const size = 1 + random.int(16);
  switch (random.int(7)) {
    case 0:
      return Buffer.from(bytes.subarray(0, at));
    case 1: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = random.int(256);
      return copy;
    }
    case 2: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = interesting[random.int(interesting.length)] ?? 0;
      return copy;
    }
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
    case 4:
      return Buffer.concat([
        bytes.subarray(0, at),
        bytes.subarray(at, at + size),
        bytes.subarray(at),
      ]);
    case 5: {
      const other = seeds[random.int(seeds.length)] ?? bytes;
      const from = random.int(other.length + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + size * 8)]);
    }
    default: {
      const noise = Buffer.from(Array.from({ length: size }, () => random.int(256)));
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    }
  }
}
