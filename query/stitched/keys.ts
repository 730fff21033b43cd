/** By which attributes further spans of a trace are found. */
import { keyAttributes as names } from '../../stitch/attributes.ts';
import type { Capture, StitchSpan } from '../../stitch/span.ts';
import { Pace, type Steps } from '../../storage/steps.ts';
import type { KeySearch, KeyValues } from '../../storage/traces/keys.ts';

/** Values in one branch of a statement. */
const maxValues = 500;

/** To look at the keys of a span takes about as long as so many other pieces of work. */
const keyPieces = 5;

interface Key {
  readonly attribute: string;
  readonly value: string | bigint;
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Keys that were not asked for yet. */
export class Frontier {
  readonly #asked = new Set<string>();
  readonly #reachNs: bigint;

  /** @param reachNs how long before and after a span others with its keys are looked for */
  constructor(reachNs: bigint) {
    this.#reachNs = reachNs;
  }

  /** The searches for all new keys of captured spans. */
  *next(spans: Iterable<StitchSpan>): Steps<KeySearch[]> {
    const pace = new Pace();
    const keys: Key[] = [];
    for (const span of spans) {
      if (pace.due(keyPieces)) yield;
      if (span.capture === undefined) continue;
      const fromNs = span.startNs - this.#reachNs;
      const hasEnd = span.endNs > span.startNs;
      const toNs = (hasEnd ? span.endNs : span.startNs) + this.#reachNs;
      for (const [attribute, value] of keysOf(span, span.capture)) {
        const key = `${attribute}=${value}`;
        if (this.#asked.has(key)) continue;
        this.#asked.add(key);
        keys.push({ attribute, value, fromNs, toNs });
      }
    }
    return searchesFor(keys);
  }
}

/** What a relative of the span has in common with it, by the attributes that it may stand in. */
function keysOf(span: StitchSpan, c: Capture): [string, string | bigint][] {
  const keys: [string, string | bigint][] = [];
  const text = (value: string, ...attributes: string[]): void => {
    if (value !== '') for (const attribute of attributes) keys.push([attribute, value]);
  };
  const number = (value: number | undefined, attribute: string): void => {
    if (value !== undefined) keys.push([attribute, BigInt(value)]);
  };
  number(c.requestSequence, names.requestSequence);
  number(c.responseSequence, names.responseSequence);
  for (const id of new Set([c.syscallRequest, c.syscallResponse])) {
    text(id, names.syscallRequest, names.syscallResponse);
  }
  for (const id of new Set([c.requestId, c.responseRequestId])) {
    text(id, names.requestId, names.responseRequestId);
  }
  if (c.headerTraceId !== span.traceId) text(c.headerTraceId, names.headerTraceId);
  for (const id of c.businessIds) text(id, names.businessId);
  if (c.transport === 'udp') {
    const id = c.facts.get(names.dnsId);
    if (id === undefined) text(c.requestHead, names.requestHead);
    else keys.push([names.dnsId, BigInt(id)]);
  }
  return keys;
}

/** One search for each stretch of time that keys have in common. */
function searchesFor(keys: readonly Key[]): KeySearch[] {
  const searches: KeySearch[] = [];
  let group: Key[] = [];
  let toNs = 0n;
  const flush = (): void => {
    if (group.length === 0) return;
    searches.push({ fromNs: group[0]!.fromNs, toNs, keys: byAttribute(group) });
    group = [];
  };
  for (const key of keys.toSorted((a, b) => (a.fromNs < b.fromNs ? -1 : 1))) {
    if (group.length >= maxValues || key.fromNs > toNs) flush();
    if (group.length === 0 || key.toNs > toNs) toNs = key.toNs;
    group.push(key);
  }
  flush();
  return searches;
}

function byAttribute(keys: readonly Key[]): KeyValues[] {
  const groups = Map.groupBy(keys, (key) => key.attribute);
  return [...groups].map(([key, list]) => {
    const values = list.map(({ value }) => value);
    return {
      key,
      strings: values.filter((value) => typeof value === 'string'),
      ints: values.filter((value) => typeof value === 'bigint'),
    };
  });
}
