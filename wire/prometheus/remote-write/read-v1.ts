import type { Uint32Column } from './columns.ts';
import type { Input } from './protobuf.ts';
import { previousLabels, Reading } from './reading.ts';
import { MetricType, WriteRequest } from './request.ts';
import { Symbols } from './symbols.ts';

/*
 * prometheus.WriteRequest, https://prometheus.io/docs/specs/prw/remote_write_spec/:
 *
 *   WriteRequest   1 timeseries*  3 metadata*
 *   TimeSeries     1 labels*  2 samples*  3 exemplars*  4 histograms*
 *   Label          1 name  2 value
 *   Exemplar       1 labels*  2 value  3 timestamp
 *   MetricMetadata 1 type  2 metric family name  4 help  5 unit
 */

const nameLabel = Buffer.from('__name__');

/** Reads a request of version 1. @throws MalformedMessage */
export function readVersion1(input: Input, series: number, seed: number): Reading {
  const symbols = new Symbols(input.bytes, Math.min(8 * series, 4096), seed);
  const reading = new Reading(new WriteRequest(symbols, input.bytes, series), input);
  const { end } = input;
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 10) {
      const stop = input.inside();
      readSeries(reading, stop);
      input.end = end;
    } else if (tag === 26) {
      const stop = input.inside();
      readMetadata(reading, stop);
      input.end = end;
    } else input.skip(tag);
  }
  return reading;
}

/**
 * The series may be read twice: once for its labels, which say what it is called in messages.
 */
function readSeries(reading: Reading, end: number): void {
  const { input, request } = reading;
  const start = input.pos;
  input.end = end;
  let previous = previousLabels(request, request.labelEnds);
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 10) previous = readLabel(reading, request.labels, previous);
    else input.skip(tag);
  }
  input.pos = start;
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 18) {
      const stop = input.inside();
      reading.sample(stop);
    } else if (tag === 26) {
      const stop = input.inside();
      readExemplar(reading, stop);
      input.end = end;
    } else if (tag === 34) {
      const stop = input.inside();
      reading.histogram(stop);
    } else input.skip(tag);
  }
  const name = reading.settle();
  if (name !== undefined) request.endSeries(name, MetricType.unknown, 0, 0, 0);
  reading.series += 1;
}

/**
 * Reads a label to the end of `pairs`.
 * @param previous where the label at the same place of the series before is, -1 = nowhere
 * @returns the same for the next label
 */
function readLabel(reading: Reading, pairs: Uint32Column, previous: number): number {
  const { input } = reading;
  const { symbols } = reading.request;
  const outer = input.end;
  const end = input.inside();
  input.end = end;
  const likeName = previous < 0 ? 0 : pairs.values[previous]!;
  const likeValue = previous < 0 ? 0 : pairs.values[previous + 1]!;
  let name = 0;
  let value = 0;
  while (input.pos < end) {
    const tag = input.varint();
    if (tag !== 10 && tag !== 18) {
      input.skip(tag);
      continue;
    }
    const stop = input.inside();
    if (tag === 10) {
      name = symbols.internLike(input.pos, stop, likeName);
      if (reading.nameSymbol < 0 && isName(input, stop)) reading.nameSymbol = name;
    } else value = symbols.internLike(input.pos, stop, likeValue);
    input.pos = stop;
  }
  input.end = outer;
  pairs.push(name);
  pairs.push(value);
  return previous < 0 ? -1 : previous + 2;
}

function isName(input: Input, end: number): boolean {
  if (end - input.pos !== nameLabel.length) return false;
  for (let i = 0; i < nameLabel.length; i += 1) {
    if (input.bytes[input.pos + i] !== nameLabel[i]) return false;
  }
  return true;
}

function readExemplar(reading: Reading, end: number): void {
  const { input, request } = reading;
  input.end = end;
  let lo = 0;
  let hi = 0;
  let time = 0;
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 10) readLabel(reading, request.exemplarLabels, -1);
    else if (tag === 17) {
      input.fixed64();
      lo = input.lo;
      hi = input.hi;
    } else if (tag === 24) time = input.int64();
    else input.skip(tag);
  }
  reading.endExemplar(lo, hi, time);
}

function readMetadata(reading: Reading, end: number): void {
  const { input, request } = reading;
  const { symbols } = request;
  input.end = end;
  let type = 0;
  const texts = [0, 0, 0, 0];
  while (input.pos < end) {
    const tag = input.varint();
    if (tag === 8) type = input.uint64();
    else if (tag === 18 || tag === 34 || tag === 42) {
      const stop = input.inside();
      texts[(tag >>> 3) - 2] = symbols.intern(input.pos, stop);
      input.pos = stop;
    } else input.skip(tag);
  }
  const [family = 0, , help = 0, unit = 0] = texts;
  if (family === 0 || texts.some((text) => symbols.invalid(text))) {
    const why = family === 0 ? 'it has no name' : 'it is not UTF-8';
    reading.refuse(`cannot take metadata of a family: ${why}`);
    return;
  }
  request.familyNames.push(family);
  request.familyTypes.push(type > MetricType.stateset ? MetricType.unknown : type);
  request.familyHelps.push(help);
  request.familyUnits.push(unit);
}
