/**
 * The load of `storage.ts`: requests of 2,000 series each, of 20,000 that live at a time, 100 a
 * target, every 15 s with 5 ms of jitter a target; half counters, 30 % random-walk gauges of two
 * decimals, 20 % histogram buckets; each minute one target of a hundred begins anew under another
 * name.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { compressSync } from 'snappy';

const seriesCount = 20_000;
const perRequest = 2000;
const perTarget = 100;
const stepMs = 15_000;
const stepsAMinute = 4;

/** Requests in a file, one after the other: u32 length, snappy block. */
export interface StoredLoad {
  readonly file: string;
  readonly requests: number;
  readonly samples: number;
  /** Bytes of all requests before compression. */
  readonly bytes: number;
}

class Random {
  #state = 1;

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (this.#state >>> 8) % limit;
  }
}

function field(out: number[], tag: number, content: Uint8Array): void {
  out.push(tag);
  let rest = content.length;
  for (; rest > 127; rest >>>= 7) out.push((rest & 127) | 128);
  out.push(rest, ...content);
}

/** Labels of series `i` as fields of a TimeSeries; `life` counts what its target was before. */
function labelsOf(i: number, life: number): Buffer {
  const target = Math.floor(i / perTarget);
  const m = i % 10;
  const number = Math.floor((i % perTarget) / 10);
  const name =
    m < 5
      ? `http_server_requests_${m}_total`
      : m < 8
        ? `process_memory_area_${m}_bytes`
        : 'http_server_request_duration_seconds_bucket';
  const labels: Record<string, string> = {
    __name__: name,
    cluster: 'eu-central-1',
    container: `shop-${target % 50}`,
    instance: `10.${target % 4}.${life % 250}.${target}:8080`,
    job: `shop/app-${target % 50}`,
    ...(m < 8 ? {} : { le: String(0.005 * 2 ** (number * 2 + m - 8)) }),
    method: number % 2 === 0 ? 'GET' : 'POST',
    namespace: `team-${target % 12}`,
    pod: `shop-${target % 50}-${((target * 7919 + life * 104_729) % 0xffff).toString(16)}-${life}`,
    ...(m < 8 ? { route: `/api/v1/resource/${number}` } : {}),
  };
  const out: number[] = [];
  for (const [key, value] of Object.entries(labels)) {
    const pair: number[] = [];
    field(pair, 10, Buffer.from(key));
    field(pair, 18, Buffer.from(value));
    field(out, 10, Uint8Array.from(pair));
  }
  return Buffer.from(out);
}

class Series {
  readonly labels: Buffer[] = [];
  readonly values = new Float64Array(seriesCount);
  readonly #lives = new Uint32Array(seriesCount / perTarget);
  readonly #random = new Random();

  constructor() {
    for (let i = 0; i < seriesCount; i++) {
      this.labels.push(labelsOf(i, 0));
      this.values[i] = this.#random.below(100_000);
    }
  }

  /** One target of a hundred ends, and another one begins in its place. */
  churn(): void {
    for (let n = 0; n < seriesCount / perTarget / 100; n++) {
      const target = this.#random.below(seriesCount / perTarget);
      this.#lives[target]!++;
      for (let i = target * perTarget; i < (target + 1) * perTarget; i++) {
        this.labels[i] = labelsOf(i, this.#lives[target]!);
        this.values[i] = 0;
      }
    }
  }

  next(i: number): number {
    const m = i % 10;
    const random = this.#random;
    let step: number;
    if (m < 5) step = i % 3 === 0 ? random.below(2) : random.below(50);
    else if (m < 8) step = random.below(201) - 100;
    else step = random.below(4) === 0 ? random.below(3) : 0;
    this.values[i]! += step;
    return m >= 5 && m < 8 ? this.values[i]! / 100 : this.values[i]!;
  }

  /** Milliseconds off the beat. */
  jitter(): number {
    return this.#random.below(11) - 5;
  }
}

/** Writes the requests: `samples` at least, `each` a series and request. @param startMs of the first */
export function writeLoad(
  file: string,
  samples: number,
  each: number,
  startMs: number,
): StoredLoad {
  const target = openSync(file, 'w');
  const series = new Series();
  const body = Buffer.alloc(perRequest * (600 + each * 24));
  const rounds = Math.ceil(samples / (seriesCount * each));
  const targets = seriesCount / perTarget;
  let requests = 0;
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    const jitter = Array.from({ length: targets * each }, () => series.jitter());
    for (let first = 0; first < seriesCount; first += perRequest) {
      let at = 0;
      for (let i = first; i < first + perRequest; i++) {
        const labels = series.labels[i]!;
        const size = labels.length + each * 18;
        at = tagged(body, at, 10, size);
        at += labels.copy(body, at);
        for (let s = 0; s < each; s++) {
          const step = round * each + s;
          const time = startMs + step * stepMs + jitter[Math.floor(i / perTarget) * each + s]!;
          at = sample(body, at, series.next(i), time);
        }
      }
      const packed = compressSync(body.subarray(0, at));
      const head = Buffer.alloc(4);
      head.writeUInt32LE(packed.length);
      writeSync(target, head);
      writeSync(target, packed);
      requests++;
      bytes += at;
    }
    const before = Math.floor((round * each) / stepsAMinute);
    const minutes = Math.floor(((round + 1) * each) / stepsAMinute) - before;
    for (let n = 0; n < minutes; n++) series.churn();
  }
  closeSync(target);
  return { file, requests, samples: rounds * seriesCount * each, bytes };
}

function tagged(body: Buffer, at: number, tag: number, size: number): number {
  let p = at;
  body[p++] = tag;
  let rest = size;
  for (; rest > 127; rest >>>= 7) body[p++] = (rest & 127) | 128;
  body[p++] = rest;
  return p;
}

/** A Sample field of 18 bytes: times of these years are six bytes long. */
function sample(body: Buffer, start: number, value: number, timeMs: number): number {
  let at = start;
  body[at] = 18;
  body[at + 1] = 16;
  body[at + 2] = 9;
  at = body.writeDoubleLE(value, at + 3);
  body[at++] = 16;
  let rest = timeMs;
  for (; rest > 127; rest = Math.floor(rest / 128)) body[at++] = (rest & 127) | 128;
  body[at++] = rest;
  return at;
}

/** Reads requests one by one. */
export class LoadReader {
  readonly #fd: number;
  readonly #head = Buffer.alloc(4);
  #at = 0;

  constructor(load: StoredLoad) {
    this.#fd = openSync(load.file, 'r');
  }

  /** The next request, undefined at the end. @param wanted else it is skipped and comes empty */
  next(wanted: boolean): Buffer | undefined {
    const head = this.#head;
    if (readSync(this.#fd, head, 0, 4, this.#at) < 4) return undefined;
    const body = Buffer.allocUnsafe(wanted ? head.readUInt32LE() : 0);
    if (wanted) readSync(this.#fd, body, 0, body.length, this.#at + 4);
    this.#at += 4 + head.readUInt32LE();
    return body;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
