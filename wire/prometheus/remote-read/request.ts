import { isUtf8 } from 'node:buffer';
import { Input } from '../remote-write/protobuf.ts';

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
  const input = new Input(bytes);
  const queries: ReadQuery[] = [];
  const accepted: number[] = [];
  while (input.pos < input.end) {
    const tag = input.varint();
    if (tag === 0x0a) {
      if (queries.length === mostQueries) input.fail(`more than ${mostQueries} queries`);
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

function nested<T>(input: Input, read: (input: Input) => T): T {
  const outer = input.end;
  const end = input.inside();
  input.end = end;
  const result = read(input);
  input.end = outer;
  input.pos = end;
  return result;
}

function addAccepted(input: Input, accepted: number[]): void {
  if (accepted.length === mostAccepted) input.fail(`more than ${mostAccepted} response types`);
  accepted.push(input.int64());
}

function query(input: Input): ReadQuery {
  let startMs = 0;
  let endMs = 0;
  const matchers: LabelMatcher[] = [];
  while (input.pos < input.end) {
    const tag = input.varint();
    if (tag === 0x08) startMs = input.int64();
    else if (tag === 0x10) endMs = input.int64();
    else if (tag === 0x1a) {
      if (matchers.length === mostMatchers) input.fail(`more than ${mostMatchers} matchers`);
      matchers.push(nested(input, matcher));
    } else input.skip(tag);
  }
  return { startMs, endMs, matchers };
}

function matcher(input: Input): LabelMatcher {
  let type = 0;
  let name = '';
  let value = '';
  while (input.pos < input.end) {
    const tag = input.varint();
    if (tag === 0x08) type = input.int64();
    else if (tag === 0x12) name = text(input);
    else if (tag === 0x1a) value = text(input);
    else input.skip(tag);
  }
  const operator = operators[type];
  if (operator === undefined) input.fail(`unknown matcher type ${type}`);
  return { name, operator, value };
}

function text(input: Input): string {
  const end = input.inside();
  const from = input.pos;
  if (!isUtf8(input.bytes.subarray(from, end))) input.fail('a text is not UTF-8');
  input.pos = end;
  return input.text(from, end);
}
