import { Uint32Column } from './columns.ts';
import type { Input } from './protobuf.ts';
import { Reading, timeMsMax } from './reading.ts';
import { MetricType, WriteRequest } from './request.ts';
import { Symbols } from './symbols.ts';

/*
 * io.prometheus.write.v2.Request, https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/:
 *
 *   Request    4 symbols* (the first is empty)  5 timeseries*
 *   TimeSeries 1 labels_refs (pairs)  2 samples*  3 histograms*  4 exemplars*  5 metadata
 *              6 created timestamp, of earlier drafts
 *   Exemplar   1 labels_refs  2 value  3 timestamp
 *   Metadata   1 type  3 help_ref  4 unit_ref
 */

const nameLabel = Buffer.from('__name__');

/** A reading with the numbers that the sender gave to its symbols. */
class Reading2 extends Reading {
  /** Reference -> symbol. */
  readonly references: Uint32Column;
  type = 0;
  help = 0;
  unit = 0;
  created = 0;

  constructor(request: WriteRequest, input: Input, references: Uint32Column) {
    super(request, input);
    this.references = references;
  }
}

/** Reads a request of version 2. @throws MalformedMessage */
export function readVersion2(input: Input, series: number, seed: number): Reading {
  const start = input.pos;
  const { end } = input;
  const references = new Uint32Column(2 * series);
  const symbols = new Symbols(input.bytes, Math.min(4 * series, 65536), seed);
  const request = new WriteRequest(symbols, input.bytes, series);
  const reading = new Reading2(request, input, references);
  while (input.pos < end) {
    const tag = input.varint();
    if (tag !== 34) {
      input.skip(tag);
      continue;
    }
    const stop = input.inside();
    references.push(symbols.intern(input.pos, stop));
    input.pos = stop;
  }
  if (references.length > 0 && references.values[0] !== 0)
    input.fail('symbol 0 is not empty', start);
  reading.nameSymbol = symbols.find(nameLabel.toString());
  input.pos = start;
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 42) {
      const stop = input.inside();
      readSeries(reading, stop);
      input.end = end;
    } else input.skip(tag);
  }
  return reading;
}

/** Labels and metadata first: they say what the series is called in messages. */
function readSeries(reading: Reading2, end: number): void {
  const { input, request } = reading;
  const start = input.pos;
  const fault = readDescription(reading, end);
  input.pos = start;
  input.end = end;
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 18) {
      const stop = input.inside();
      reading.sample(stop);
    } else if (tag === 26) {
      const stop = input.inside();
      reading.histogram(stop);
    } else if (tag === 34) {
      const stop = input.inside();
      readExemplar(reading, stop);
      input.end = end;
    } else input.skip(tag);
  }
  if (fault !== '') reading.dropSeries(`cannot take series ${reading.series}: ${fault}`);
  else {
    const name = reading.settle();
    const { type, help, unit, created } = reading;
    if (name !== undefined) request.endSeries(name, type, help, unit, created);
  }
  reading.series += 1;
}

/** @returns what is wrong, '' when nothing is */
function readDescription(reading: Reading2, end: number): string {
  const { input, request } = reading;
  input.end = end;
  reading.type = MetricType.unknown;
  reading.help = 0;
  reading.unit = 0;
  reading.created = 0;
  const before = request.labels.length;
  let fault = '';
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 8 || tag === 10) fault ||= readReferences(reading, tag, request.labels);
    else if (tag === 42) {
      const stop = input.inside();
      fault ||= readMetadata(reading, stop);
      input.pos = stop;
      input.end = end;
    } else if (tag === 48) {
      const created = input.int64();
      reading.created = created > 0 && created <= timeMsMax ? created : 0;
    } else input.skip(tag);
  }
  if ((request.labels.length - before) % 2 !== 0) {
    request.labels.length -= 1;
    return 'it has an odd number of label references';
  }
  return fault;
}

function readReferences(reading: Reading2, tag: number, out: Uint32Column): string {
  const { input, references } = reading;
  const outer = input.end;
  const end = tag === 10 ? input.inside() : -1;
  if (tag === 10) input.end = end;
  let fault = '';
  do {
    if (input.pos === end) break;
    const reference = input.varint();
    if (reference < references.length) out.push(references.values[reference]!);
    else {
      out.push(0);
      fault = outOfRange(reference, references.length);
    }
  } while (input.pos < end);
  input.end = outer;
  return fault;
}

function outOfRange(reference: number, symbols: number): string {
  return `it refers to symbol ${reference} of ${symbols}`;
}

function readMetadata(reading: Reading2, end: number): string {
  const { input, references, request } = reading;
  input.end = end;
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 8) {
      const type = input.uint64();
      reading.type = type > MetricType.stateset ? MetricType.unknown : type;
      continue;
    }
    if (tag !== 24 && tag !== 32) {
      input.skip(tag);
      continue;
    }
    const reference = input.varint();
    if (reference >= references.length) {
      if (reference === 0) continue;
      return outOfRange(reference, references.length);
    }
    const symbol = references.values[reference]!;
    if (request.symbols.invalid(symbol)) return 'its metadata is not UTF-8';
    if (tag === 24) reading.help = symbol;
    else reading.unit = symbol;
  }
  return '';
}

function readExemplar(reading: Reading2, end: number): void {
  const { input, request } = reading;
  input.end = end;
  let lo = 0;
  let hi = 0;
  let time = 0;
  let fault = '';
  const from = request.exemplarLabels.length;
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 8 || tag === 10) fault ||= readReferences(reading, tag, request.exemplarLabels);
    else if (tag === 17) {
      input.fixed64();
      lo = input.lo;
      hi = input.hi;
    } else if (tag === 24) time = input.int64();
    else input.skip(tag);
  }
  if ((request.exemplarLabels.length - from) % 2 !== 0) {
    fault = 'it has an odd number of label references';
  }
  if (fault === '') reading.endExemplar(lo, hi, time);
  else {
    request.exemplarLabels.length = from;
    reading.refuse(`cannot take an exemplar of ${reading.seriesText()}: ${fault}`);
  }
}
