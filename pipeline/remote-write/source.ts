import type { Random } from '../../component/settings.ts';
import {
  type LabelSets,
  loadRemoteWrite,
  type RemoteWriteAddon,
} from '../../native/remote-write.ts';
import type { Metrics } from '../../pdata/batch.ts';
import { FormBatch } from '../../pdata/form-batch.ts';
import { type OtlpBatch, otlpBatch } from '../../pdata/otlp-batch.ts';
import { type Converted, type ConvertOptions, toOtlp } from '../../wire/prometheus/otlp/to-otlp.ts';
import { applyFamilies, familiesOf } from '../../wire/prometheus/remote-write/families.ts';
import {
  PlainColumns,
  type PlainRequest,
  plainForm,
  type RequestSource,
} from '../../wire/prometheus/remote-write/plain.ts';
import { readWriteRequest, type Version } from '../../wire/prometheus/remote-write/read.ts';
import type { ReadRequest, WriteRequest } from '../../wire/prometheus/remote-write/request.ts';
import { RecentFamilies, RecentTargets } from './memory.ts';

/** Reads requests, and remembers what they say of families and targets. */
export class Source implements RequestSource {
  readonly #targets = new RecentTargets();
  readonly #families = new RecentFamilies();
  readonly #seed: number;
  readonly #addon: RemoteWriteAddon | undefined;
  readonly #sets: LabelSets | undefined;

  constructor(random: Random) {
    this.#seed = Math.floor(random.float() * 2 ** 32);
    this.#addon = loadRemoteWrite();
    this.#sets = this.#addon?.create(random.bytes(32));
  }

  get generation(): number {
    return this.#targets.generation + this.#families.generation;
  }

  /**
   * A plain request as a batch in its own form; undefined: it is to be read the long way.
   * @param block snappy block, kept
   * @param most bytes of it unpacked
   */
  read(block: Uint8Array, version: Version, most: number): Metrics | undefined {
    const addon = this.#addon;
    const buffer = addon?.read(this.#sets!, block, version, most);
    if (addon === undefined || buffer === undefined) return undefined;
    const columns = new PlainColumns(buffer);
    const slices = (ranges: Uint32Array): Uint8Array =>
      addon.slices(this.#sets!, columns.serial, ranges) ??
      cut(this.#unpack(block, columns), ranges);
    return new FormBatch<'metrics', PlainRequest>({
      signal: 'metrics',
      form: plainForm,
      value: { version, columns, source: this, slices },
      itemCount: columns.sampleCount,
      byteLength: columns.bytes,
      backingBytes: buffer.byteLength,
      toOtlp: () => this.#batchOf(this.#unpack(block, columns), version),
    });
  }

  #unpack(block: Uint8Array, { bytes }: PlainColumns): Uint8Array {
    const plain = Buffer.allocUnsafeSlow(bytes);
    if (!this.#addon!.unpack(block, plain)) throw new Error('BUG: a block that was read is broken');
    return plain;
  }

  #batchOf(bytes: Uint8Array, version: Version): OtlpBatch<'metrics'> {
    const { request } = this.readAny(bytes, version);
    return otlpBatch(this.toOtlp(request, version, Number.POSITIVE_INFINITY).batch!);
  }

  /** Any request in columns. @throws MalformedMessage */
  readAny(bytes: Uint8Array, version: Version): ReadRequest {
    return readWriteRequest(bytes, version, this.#seed);
  }

  /** As the function of this name, with what is known of families and targets. */
  toOtlp(
    request: WriteRequest,
    version: Version,
    limit: number,
    options: ConvertOptions = {},
  ): Converted {
    if (version === 1) {
      for (const [name, family] of familiesOf(request)) this.#families.set(name, family);
      applyFamilies(request, (name) => this.#families.get(name));
    }
    return toOtlp(request, this.#targets, limit, options);
  }

  convert(
    bytes: Uint8Array,
    version: Version,
    order: number[],
    firstOnly: boolean,
  ): readonly Uint8Array[] {
    const { request } = this.readAny(bytes, version);
    const options = { asSent: true, order, firstOnly };
    return this.toOtlp(request, version, Number.POSITIVE_INFINITY, options).batch?.ranges() ?? [];
  }
}

/** Bytes `[from, to)` of pairs, one after the other. */
function cut(bytes: Uint8Array, ranges: Uint32Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < ranges.length; i += 2) parts.push(bytes.subarray(ranges[i]!, ranges[i + 1]!));
  return Buffer.concat(parts);
}
