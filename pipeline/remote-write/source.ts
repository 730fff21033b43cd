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

  /** A plain request as a batch over its bytes; undefined: it is to be read the long way. */
  read(bytes: Uint8Array, version: Version): Metrics | undefined {
    const buffer = this.#addon?.read(this.#sets!, bytes, version);
    if (buffer === undefined) return undefined;
    const columns = new PlainColumns(buffer);
    return new FormBatch<'metrics', PlainRequest>({
      signal: 'metrics',
      form: plainForm,
      value: { bytes, version, columns, source: this },
      itemCount: columns.sampleCount,
      byteLength: bytes.length,
      backingBytes: buffer.byteLength,
      toOtlp: () => this.#batchOf(bytes, version),
    });
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
