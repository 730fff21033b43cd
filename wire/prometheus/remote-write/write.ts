import { Writer } from '../../../pdata/proto/writer.ts';
import { Uint32Column } from './columns.ts';
import type { Version } from './read.ts';
import { startOf, type WriteRequest } from './request.ts';

/** A message in pieces: their concatenation is the body of a request. */
export interface WrittenRequest {
  readonly parts: readonly Uint8Array[];
  /** What is in it. */
  readonly series: number;
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
}

/**
 * Writes the series of a request as messages of at most `maxBytes` each; one series that is longer
 * gets a message of its own. Version 1 has no place for types, start times and metadata of series.
 */
export function writeSeries(
  request: WriteRequest,
  version: Version,
  maxBytes: number,
): WrittenRequest[] {
  const out: WrittenRequest[] = [];
  const message = version === 1 ? new Message1(request) : new Message2(request);
  let first = 0;
  for (let i = 0; i < request.seriesCount; i += 1) {
    const before = message.mark();
    message.put(i);
    if (message.size < maxBytes || i === first) continue;
    message.reset(before);
    out.push(piece(request, message, first, i));
    first = i;
    message.put(i);
  }
  if (first < request.seriesCount) out.push(piece(request, message, first, request.seriesCount));
  return out;
}

function piece(
  request: WriteRequest,
  message: Message1 | Message2,
  from: number,
  to: number,
): WrittenRequest {
  const span = (ends: Uint32Column): number => startOf(ends, to) - startOf(ends, from);
  return {
    parts: message.take(),
    series: to - from,
    samples: span(request.sampleEnds),
    histograms: span(request.histogramEnds),
    exemplars: span(request.exemplarEnds),
  };
}

/** Writes metadata of families (version 1) as messages of at most `maxBytes` each. */
export function writeFamilies(request: WriteRequest, maxBytes: number): WrittenRequest[] {
  const out: WrittenRequest[] = [];
  const w = new Writer(4096);
  const nothing = { series: 0, samples: 0, histograms: 0, exemplars: 0 };
  for (let i = 0; i < request.familyNames.length; i += 1) {
    const before = w.length;
    putFamily(w, request, i);
    if (w.length < maxBytes || before === 0) continue;
    w.length = before;
    out.push({ parts: [w.take()], ...nothing });
    putFamily(w, request, i);
  }
  if (w.length > 0) out.push({ parts: [w.take()], ...nothing });
  return out;
}

function putFamily(w: Writer, request: WriteRequest, i: number): void {
  const { familyTypes, familyNames, familyHelps, familyUnits } = request;
  const at = w.open(3);
  const type = familyTypes.values[i]!;
  if (type !== 0) w.uintField(1, type);
  putText(w, 2, request, familyNames.values[i]!);
  putText(w, 4, request, familyHelps.values[i]!);
  putText(w, 5, request, familyUnits.values[i]!);
  w.close(at);
}

/** Writes a text; nothing for an empty one. */
function putText(w: Writer, field: number, { symbols }: WriteRequest, symbol: number): void {
  if (symbol === 0) return;
  const start = symbols.starts.values[symbol]!;
  const end = symbols.ends.values[symbol]!;
  w.tag(field, 2);
  w.varint(end - start);
  w.copy(symbols.bytes, start, end);
}

function putTime(w: Writer, field: number, ms: number): void {
  if (ms !== 0) w.intField(field, ms);
}

function putSample(w: Writer, field: number, request: WriteRequest, i: number, starts: boolean) {
  const { sampleBits, sampleTimes, sampleStarts } = request;
  const at = w.open(field);
  const lo = sampleBits.values[2 * i]!;
  const hi = sampleBits.values[2 * i + 1]!;
  if (lo !== 0 || hi !== 0) w.fixed64Field(1, lo, hi);
  putTime(w, 2, sampleTimes.values[i]!);
  if (starts) putTime(w, 3, sampleStarts.values[i]!);
  w.close(at);
}

function putHistogram(w: Writer, field: number, request: WriteRequest, i: number): void {
  const { values } = request.histogramRanges;
  const from = values[2 * i]!;
  const to = values[2 * i + 1]!;
  w.tag(field, 2);
  w.varint(to - from);
  w.copy(request.histogramBytes, from, to);
}

function putExemplarValue(w: Writer, request: WriteRequest, i: number): void {
  const lo = request.exemplarBits.values[2 * i]!;
  const hi = request.exemplarBits.values[2 * i + 1]!;
  if (lo !== 0 || hi !== 0) w.fixed64Field(2, lo, hi);
  putTime(w, 3, request.exemplarTimes.values[i]!);
}

/** prometheus.WriteRequest. */
class Message1 {
  readonly #request: WriteRequest;
  readonly #w = new Writer(65536);

  constructor(request: WriteRequest) {
    this.#request = request;
  }

  get size(): number {
    return this.#w.length;
  }

  mark(): number {
    return this.#w.length;
  }

  reset(mark: number): void {
    this.#w.length = mark;
  }

  take(): readonly Uint8Array[] {
    return [this.#w.take()];
  }

  put(series: number): void {
    const request = this.#request;
    const w = this.#w;
    const at = w.open(1, 2);
    const { labels, labelEnds, sampleEnds, exemplarEnds, histogramEnds } = request;
    this.#labels(labels, startOf(labelEnds, series), labelEnds.values[series]!);
    const samples = sampleEnds.values[series]!;
    for (let i = startOf(sampleEnds, series); i < samples; i += 1) {
      putSample(w, 2, request, i, false);
    }
    const exemplars = exemplarEnds.values[series]!;
    for (let i = startOf(exemplarEnds, series); i < exemplars; i += 1) this.#exemplar(i);
    const histograms = histogramEnds.values[series]!;
    for (let i = startOf(histogramEnds, series); i < histograms; i += 1) {
      putHistogram(w, 4, request, i);
    }
    w.close(at);
  }

  #exemplar(i: number): void {
    const request = this.#request;
    const at = this.#w.open(3);
    const { exemplarLabels, exemplarLabelEnds } = request;
    this.#labels(exemplarLabels, startOf(exemplarLabelEnds, i), exemplarLabelEnds.values[i]!);
    putExemplarValue(this.#w, request, i);
    this.#w.close(at);
  }

  #labels({ values }: Uint32Column, from: number, to: number): void {
    const w = this.#w;
    for (let i = from; i < to; i += 2) {
      const at = w.open(1);
      putText(w, 1, this.#request, values[i]!);
      putText(w, 2, this.#request, values[i + 1]!);
      w.close(at);
    }
  }
}

/** io.prometheus.write.v2.Request; only symbols that its series use. */
class Message2 {
  readonly #request: WriteRequest;
  readonly #w = new Writer(65536);
  readonly #symbols = new Writer(65536);
  /** Symbol of the request -> reference of the message and the message that it is of. */
  readonly #references: Uint32Array;
  readonly #messages: Uint32Array;
  readonly #used = new Uint32Column(1024);
  #message = 0;

  constructor(request: WriteRequest) {
    this.#request = request;
    this.#references = new Uint32Array(request.symbols.count);
    this.#messages = new Uint32Array(request.symbols.count);
    this.#begin();
  }

  get size(): number {
    return this.#w.length + this.#symbols.length;
  }

  mark(): number {
    return this.#w.length;
  }

  /** Symbols of what is taken back stay: they are a few. */
  reset(mark: number): void {
    this.#w.length = mark;
  }

  take(): readonly Uint8Array[] {
    const parts = [this.#symbols.take(), this.#w.take()];
    this.#begin();
    return parts;
  }

  #begin(): void {
    this.#message += 1;
    this.#used.length = 0;
    this.#reference(0);
  }

  #reference(symbol: number): number {
    if (this.#messages[symbol] === this.#message) return this.#references[symbol]!;
    const { symbols } = this.#request;
    const reference = this.#used.length;
    this.#messages[symbol] = this.#message;
    this.#references[symbol] = reference;
    this.#used.push(symbol);
    const start = symbols.starts.values[symbol]!;
    const end = symbols.ends.values[symbol]!;
    const w = this.#symbols;
    w.tag(4, 2);
    w.varint(end - start);
    w.copy(symbols.bytes, start, end);
    return reference;
  }

  put(series: number): void {
    const request = this.#request;
    const w = this.#w;
    const at = w.open(5, 2);
    const { labels, labelEnds, sampleEnds, exemplarEnds, histogramEnds } = request;
    this.#labels(labels, startOf(labelEnds, series), labelEnds.values[series]!);
    const samples = sampleEnds.values[series]!;
    for (let i = startOf(sampleEnds, series); i < samples; i += 1) {
      putSample(w, 2, request, i, true);
    }
    const histograms = histogramEnds.values[series]!;
    for (let i = startOf(histogramEnds, series); i < histograms; i += 1) {
      putHistogram(w, 3, request, i);
    }
    const exemplars = exemplarEnds.values[series]!;
    for (let i = startOf(exemplarEnds, series); i < exemplars; i += 1) this.#exemplar(i);
    const metadata = w.open(5);
    const type = request.types.values[series]!;
    if (type !== 0) w.uintField(1, type);
    this.#referenceField(3, request.helps.values[series]!);
    this.#referenceField(4, request.units.values[series]!);
    w.close(metadata);
    putTime(w, 6, request.created.values[series]!);
    w.close(at);
  }

  #referenceField(field: number, symbol: number): void {
    if (symbol !== 0) this.#w.uintField(field, this.#reference(symbol));
  }

  #exemplar(i: number): void {
    const request = this.#request;
    const at = this.#w.open(4);
    const { exemplarLabels, exemplarLabelEnds } = request;
    this.#labels(exemplarLabels, startOf(exemplarLabelEnds, i), exemplarLabelEnds.values[i]!);
    putExemplarValue(this.#w, request, i);
    this.#w.close(at);
  }

  #labels({ values }: Uint32Column, from: number, to: number): void {
    if (from === to) return;
    const w = this.#w;
    const at = w.open(1);
    for (let i = from; i < to; i += 1) w.varint(this.#reference(values[i]!));
    w.close(at);
  }
}
