/**
 * Made-up traffic with the truth about it: clicks that run at once through services which are seen
 * by SDKs, in system calls and in packets, over hosts whose clocks differ.
 */
import type { ObservationPoint } from '../../wire/observation/points.ts';
import type { Capture, StitchSpan } from '../span.ts';
import { type Random, random } from './random.ts';
import { makeServices, type Service } from './services.ts';
import { baseNs, noCapture } from './spans.ts';

export interface ClicksOptions {
  readonly seed: number;
  readonly clicks: number;
  readonly services: number;
  /** Clicks begin within so many milliseconds. */
  readonly withinMs: number;
  /** Share of the spans that are not given to the rules. */
  readonly lost: number;
  /** Share of the requests that a process reads together with the one before. */
  readonly crowded: number;
  /** Every service is seen by system calls. */
  readonly watched?: boolean;
}

export interface Clicks {
  readonly spans: readonly StitchSpan[];
  /** True parents by index in `spans`, -1 for none; a lost parent is replaced by its own. */
  readonly parents: readonly number[];
  /** By index: the click, and all true ancestors that are not lost. */
  readonly clickOf: readonly number[];
}

/** A span while it is being made; times in ns on a clock that all share. */
interface Draft {
  readonly click: number;
  readonly parent: number;
  readonly at: Service;
  start: number;
  end: number;
  fields: Partial<StitchSpan>;
  capture: { -readonly [K in keyof Capture]?: Capture[K] } | undefined;
}

interface Request {
  readonly from: Service | undefined;
  readonly to: Service;
  readonly parent: number;
  readonly at: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly requestId: string;
  /** Chain of work that it is sent in. */
  readonly syscall: string;
}

interface Response {
  readonly end: number;
  readonly syscall: string;
}

/** Runs the clicks and says what was seen. */
export function makeClicks(options: ClicksOptions): Clicks {
  const next = random(options.seed);
  const run = new Run(next, makeServices(next, options.services, options.watched), options.crowded);
  for (let click = 0; click < options.clicks; click++) {
    const at = next.upTo(options.withinMs) * 1e6;
    const none = { traceId: '', spanId: '', requestId: '', syscall: '' };
    run.request(click, { ...none, from: undefined, to: run.services[0]!, parent: -1, at });
  }
  return seenOf(run, next, options.lost);
}

function seenOf(run: Run, next: Random, lostShare: number): Clicks {
  const { drafts } = run;
  const lost = drafts.map(() => next.chance(lostShare));
  const number = new Map<number, number>();
  for (const i of drafts.keys()) if (lost[i] === false) number.set(i, number.size);
  const parents: number[] = [];
  for (const i of number.keys()) {
    let up = drafts[i]!.parent;
    while (up !== -1 && lost[up] === true) up = drafts[up]!.parent;
    parents.push(up === -1 ? -1 : number.get(up)!);
  }
  const kept = [...number.keys()].map((i) => drafts[i]!);
  return { spans: kept.map(finished), parents, clickOf: kept.map((d) => d.click) };
}

function finished({ at, start, end, fields, capture }: Draft): StitchSpan {
  const time = (t: number): bigint => baseNs + BigInt(Math.round(t + at.clockNs));
  return {
    traceId: '',
    spanId: '',
    parentSpanId: '',
    kind: 0,
    service: `s${at.n}`,
    host: '',
    process: '',
    ...fields,
    startNs: time(start),
    endNs: time(end),
    capture: capture === undefined ? undefined : { ...noCapture, ...capture },
  };
}

class Run {
  readonly drafts: Draft[] = [];
  readonly services: readonly Service[];
  readonly next: Random;
  readonly crowded: number;
  readonly lastRead = new Map<Service, string>();

  constructor(next: Random, services: readonly Service[], crowded: number) {
    this.next = next;
    this.services = services;
    this.crowded = crowded;
  }

  draft(click: number, parent: number, at: Service, fields: Partial<StitchSpan>): number {
    this.drafts.push({ click, parent, at, start: 0, end: 0, fields, capture: undefined });
    return this.drafts.length - 1;
  }

  /** Sends a request along its way and back. */
  request(click: number, r: Request): Response {
    const { next } = this;
    const message = this.messageFields(r);
    const points = sightings(r, next);
    let above = r.parent;
    let now = r.at;
    const chain: number[] = [];
    for (const { point, at } of points) {
      now += 20e3 + next.upTo(400e3);
      const header = r.traceId === '' ? { traceId: next.hex(32) } : headerOf(r);
      const process = point.endsWith('_process') ? `${at.host}/${at.n}` : '';
      const kind = point.startsWith('client_') ? 3 : 2;
      const fields = { ...header, spanId: next.hex(16), kind, host: at.host, process };
      above = this.draft(click, above, at, fields);
      chain.push(above);
      this.drafts[above]!.start = now;
      this.drafts[above]!.capture = { ...message(at === r.from), point };
    }
    const last = chain.at(-1);
    const inProcess = points.at(-1)?.point === 'server_process' ? last : undefined;
    const served = this.serve(click, r, above, now, inProcess);
    now = served.end;
    for (const i of chain.toReversed()) {
      this.drafts[i]!.end = now;
      this.drafts[i]!.capture!.responseRequestId = served.requestId;
      now += 20e3 + next.upTo(400e3);
    }
    const first = points[0]?.point === 'client_process' ? chain[0] : undefined;
    return { end: now, syscall: first === undefined ? r.syscall : this.sent(r, first) };
  }

  /** Marks the caller's own sighting with the chain of work; the id that work goes on with. */
  sent(r: Request, i: number): string {
    const capture = this.drafts[i]!.capture!;
    const { syscalls } = r.from!;
    if (syscalls === 'none') return '';
    capture.syscallRequest = r.syscall;
    capture.syscallResponse = syscalls === 'chain' ? this.next.hex(16) : r.syscall;
    return capture.syscallResponse;
  }

  messageFields(r: Request): (before: boolean) => object {
    const { next } = this;
    const port = 20_000 + Math.floor(next.upTo(30_000));
    const common = {
      serverAddress: r.to.address,
      requestSequence: Math.floor(next.upTo(2 ** 32)),
      responseSequence: Math.floor(next.upTo(2 ** 32)),
      requestHead: next.pick('1111111111111111', '2222222222222222'),
      requestId: r.requestId,
      headerTraceId: r.traceId,
      headerSpanId: r.spanId,
      facts: new Map([['network.protocol.name', r.to.protocol]]),
    };
    const inside = { ...common, clientAddress: r.from?.address ?? '10.9.9.9', clientPort: port };
    const outside = { ...common, clientAddress: '192.168.9.9', clientPort: port + 7 };
    return (before) => (r.from?.translated === true && !before ? outside : inside);
  }

  /** What a service does with a request. @param inbound its own sighting of the request */
  serve(
    click: number,
    r: Request,
    above: number,
    arrived: number,
    inbound: number | undefined,
  ): { readonly end: number; readonly requestId: string } {
    const { next } = this;
    const { to } = r;
    let chain = inbound === undefined ? '' : this.read(to);
    const own = inbound === undefined ? undefined : this.drafts[inbound]!.capture!;
    if (own !== undefined) own.syscallRequest = chain;
    let now = arrived + next.upTo(2e6);
    const start = now;
    const traceId = r.traceId === '' ? next.hex(32) : r.traceId;
    const spanId = next.hex(16);
    const sdk = { traceId, spanId, parentSpanId: r.spanId, kind: 2, ...named(to) };
    const parent = to.sdk ? this.draft(click, above, to, sdk) : above;
    const made = r.requestId === '' && to.makesRequestIds ? next.hex(20) : '';
    const requestId = r.requestId || made;
    const ends = [now];
    for (const n of to.calls) {
      const called = this.services[n]!;
      const call = { ...r, from: to, to: called, at: now, syscall: chain, parent };
      const { end, syscall } = this.call(click, call, requestId, to.sdk ? sdk : undefined);
      if (to.syscalls === 'chain') chain = syscall;
      ends.push(end);
      now = (to.parallel ? now : end) + next.upTo(1e6);
    }
    const end = Math.max(now, ...ends) + next.upTo(1e6);
    if (to.sdk) Object.assign(this.drafts[parent]!, { start, end });
    if (own !== undefined) own.syscallResponse = chain;
    return { end, requestId: made };
  }

  /** One call of a service that is serving: what its request carries, and the span of its SDK. */
  call(
    click: number,
    r: Request,
    requestId: string,
    sdk: (Partial<StitchSpan> & { traceId: string; spanId: string }) | undefined,
  ): Response {
    const http = r.to.protocol === 'http';
    const passes = http && r.from!.passesHeaders;
    const header = passes ? headerIds(r) : { traceId: '', spanId: '' };
    const plain = { ...r, ...header, requestId: http && r.from!.passesIds ? requestId : '' };
    if (sdk === undefined) return this.request(click, plain);
    const spanId = this.next.hex(16);
    const fields = { ...sdk, spanId, parentSpanId: sdk.spanId, kind: 3 };
    const parent = this.draft(click, r.parent, r.from!, fields);
    const carried = http ? { traceId: sdk.traceId, spanId } : {};
    const response = this.request(click, { ...plain, ...carried, parent });
    Object.assign(this.drafts[parent]!, { start: r.at - 30e3, end: response.end + 30e3 });
    return response;
  }

  /** The chain that a read of a request begins; two requests may come in one read. */
  read(to: Service): string {
    if (to.syscalls === 'none') return '';
    const last = this.lastRead.get(to);
    const together = last !== undefined && this.next.chance(this.crowded);
    const id = together ? last : this.next.hex(16);
    this.lastRead.set(to, id);
    return id;
  }
}

function named({ named: known, host, n }: Service): Partial<StitchSpan> {
  return known ? { host, process: `${host}/${n}` } : {};
}

function headerIds(r: Request): { readonly traceId: string; readonly spanId: string } {
  return { traceId: r.traceId, spanId: r.spanId };
}

function headerOf(r: Request): Partial<StitchSpan> {
  return { traceId: r.traceId, parentSpanId: r.spanId };
}

interface Sighting {
  readonly point: ObservationPoint;
  readonly at: Service;
}

function sightings({ from, to }: Request, next: Random): Sighting[] {
  const points: Sighting[] = [];
  if (from?.ebpf === true) points.push({ point: 'client_process', at: from });
  if (from?.nic === true) points.push({ point: 'client_nic', at: from });
  if (next.chance(0.3)) points.push({ point: 'rest', at: to });
  if (to.nic) points.push({ point: 'server_nic', at: to });
  if (to.ebpf) points.push({ point: 'server_process', at: to });
  return points;
}
