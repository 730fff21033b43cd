import { CheckedReader } from '../../../pdata/proto/checked-reader.ts';
import { MalformedMessage } from '../remote-write/protobuf.ts';

/** How a label is compared; `=~` and `!~` take RE2 expressions that match the whole value. */
export type MatchOperator = '=' | '!=' | '=~' | '!~';

/** A condition on a label; one that is absent has the value ''. */
export interface LabelMatcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

/** What is asked for: series that fulfil all matchers, within a time, both ends inclusive. */
export interface ReadQuery {
  /** Milliseconds since 1970, exact to 2^53. */
  readonly startMs: number;
  readonly endMs: number;
  readonly matchers: readonly LabelMatcher[];
}

/** Forms of an answer. */
export const ResponseType = { samples: 0, streamedXorChunks: 1 } as const;

/** prometheus.ReadRequest without its hints, which nobody has to follow. */
export interface ReadRequest {
  readonly queries: readonly ReadQuery[];
  /** Numbers of the forms that the client reads, best first; none = samples. */
  readonly accepted: readonly number[];
}

/** What a request may hold at most. */
const mostQueries = 1_000;
const mostMatchers = 1_000;
const mostAccepted = 100;

const operators: readonly MatchOperator[] = ['=', '!=', '=~', '!~'];

/**
 * Reads a request (decompressed).
 * @throws MalformedMessage with the position
 */
export function readReadRequest(bytes: Uint8Array): ReadRequest {
  const input = new CheckedReader((what, at) => new MalformedMessage(what, at));
  input.bind(bytes, 0, bytes.length);
  const queries: ReadQuery[] = [];
  const accepted: number[] = [];
  for (let tag = input.next(); tag !== 0; tag = input.next()) {
    if (tag === 0x0a) {
      if (queries.length === mostQueries) throw input.fault(`more than ${mostQueries} queries`);
      queries.push(nested(input, query));
    } else if (tag === 0x10) addAccepted(input, accepted);
    else if (tag === 0x12) {
      nested(input, () => {
        while (input.pos < input.end) addAccepted(input, accepted);
      });
    } else input.skip(tag);
  }
  return { queries, accepted };
}

function nested<T>(input: CheckedReader, read: (input: CheckedReader) => T): T {
  const outer = input.enter();
  const result = read(input);
  input.leave(outer);
  return result;
}

function addAccepted(input: CheckedReader, accepted: number[]): void {
  if (accepted.length === mostAccepted)
    throw input.fault(`more than ${mostAccepted} response types`);
  accepted.push(input.int64());
}

function query(input: CheckedReader): ReadQuery {
  let startMs = 0;
  let endMs = 0;
  const matchers: LabelMatcher[] = [];
  for (let tag = input.next(); tag !== 0; tag = input.next()) {
    if (tag === 0x08) startMs = input.int64();
    else if (tag === 0x10) endMs = input.int64();
    else if (tag === 0x1a) {
      if (matchers.length === mostMatchers) throw input.fault(`more than ${mostMatchers} matchers`);
      matchers.push(nested(input, matcher));
    } else input.skip(tag);
  }
  return { startMs, endMs, matchers };
}

function matcher(input: CheckedReader): LabelMatcher {
  let type = 0;
  let name = '';
  let value = '';
  for (let tag = input.next(); tag !== 0; tag = input.next()) {
    if (tag === 0x08) type = input.int64();
    else if (tag === 0x12) name = input.string();
    else if (tag === 0x1a) value = input.string();
    else input.skip(tag);
  }
  const operator = operators[type];
  if (operator === undefined) throw input.fault(`unknown matcher type ${type}`);
  return { name, operator, value };
}
