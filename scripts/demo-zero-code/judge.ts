import { addressOf, type Room } from './network.ts';

/** A span as the judge needs it, of an answer of the Jaeger API. */
export interface JudgedSpan {
  readonly id: string;
  readonly parent: string;
  readonly name: string;
  readonly service: string;
  readonly startNs: bigint;
  readonly durationNs: bigint;
  readonly attributes: ReadonlyMap<string, string>;
}

/** A hop that every click takes: seen in a room, from one side, with a parent among the others. */
interface Hop {
  readonly name: string;
  readonly room: Room;
  readonly point: 'client_process' | 'server_process';
  readonly protocol: string;
  /** What the span is about, in the value of `field`. */
  readonly field?: string;
  readonly pattern?: RegExp;
  readonly parent?: string;
}

const select = { field: 'db.query.text', pattern: /^SELECT amount/ };
const address = { field: 'dns.question.name', pattern: /\.db\.shop\.test$/ };
const to = (room: Room): { field: string; pattern: RegExp } => ({
  field: 'server.address',
  pattern: new RegExp(`^${addressOf(room).replaceAll('.', '\\.')}$`),
});
const client = { point: 'client_process' } as const;
const server = { point: 'server_process' } as const;

const hops: readonly Hop[] = [
  { name: 'edge', room: 'edge', ...server, protocol: 'http' },
  { name: 'edge>shop', room: 'edge', ...client, protocol: 'http', parent: 'edge' },
  { name: 'shop', room: 'shop', ...server, protocol: 'http', parent: 'edge>shop' },
  { name: 'shop>stock', room: 'shop', ...client, protocol: 'http', ...to('stock'), parent: 'shop' },
  { name: 'stock', room: 'stock', ...server, protocol: 'http', parent: 'shop>stock' },
  { name: 'stock>dns', room: 'stock', ...client, protocol: 'dns', ...address, parent: 'stock' },
  { name: 'dns', room: 'dns', ...server, protocol: 'dns', ...address, parent: 'stock>dns' },
  { name: 'stock>db', room: 'stock', ...client, protocol: 'mysql', ...select, parent: 'stock' },
  { name: 'db', room: 'database', ...server, protocol: 'mysql', ...select, parent: 'stock>db' },
  { name: 'shop>price', room: 'shop', ...client, protocol: 'http', ...to('price'), parent: 'shop' },
  { name: 'price', room: 'price', ...server, protocol: 'http', parent: 'shop>price' },
  { name: 'price>cache', room: 'price', ...client, protocol: 'redis', parent: 'price' },
  { name: 'cache', room: 'cache', ...server, protocol: 'redis', parent: 'price>cache' },
];

/** What the judge found about one click. */
export interface Verdict {
  readonly whole: boolean;
  /** Hops that are missing or hang under the wrong parent, in words. */
  readonly faults: readonly string[];
  /** Spans that carry the id of another click: each is a wrong link. */
  readonly foreign: readonly string[];
}

const token = /(?:click=|(?<![0-9A-Za-z])c)(\d{6,})(?!\d)/;

/** The click that a span speaks of, as only the judge reads it: bodies, queries, names, keys. */
export function clickOf(span: JudgedSpan): string | undefined {
  for (const key of ['url.query', 'dns.question.name', 'db.query.text']) {
    const found = token.exec(span.attributes.get(key) ?? '');
    if (found !== null) return found[1];
  }
  return undefined;
}

/** Whether `spans`, one trace, are all of click `id` and nothing else, each under its cause. */
export function judge(id: string, spans: readonly JudgedSpan[]): Verdict {
  const foreign = spans.filter((span) => (clickOf(span) ?? id) !== id).map(describe);
  const byId = new Map(spans.map((span) => [span.id, span]));
  const found = new Map<string, JudgedSpan>();
  const faults: string[] = [];
  for (const hop of hops) {
    const matching = spans.filter((span) => matches(hop, span));
    const [first] = matching;
    if (first === undefined) faults.push(`${hop.name} is missing`);
    else found.set(hop.name, first);
    // A and AAAA are two questions; every other hop is one span.
    const most = hop.protocol === 'dns' ? 2 : 1;
    if (matching.length > most) faults.push(`${hop.name} is there ${matching.length} times`);
    for (const span of matching) {
      const above = parentOf(span, byId);
      const wanted = hop.parent === undefined ? '' : hop.parent;
      const right =
        hop.parent === undefined
          ? above === undefined
          : above !== undefined && matches(hopOf(hop.parent), above);
      if (!right)
        faults.push(
          `${hop.name} is under ${above ? describe(above) : 'nothing'}, not ${wanted || 'the root'}`,
        );
    }
  }
  return { whole: faults.length === 0 && foreign.length === 0, faults, foreign };
}

function hopOf(name: string): Hop {
  const hop = hops.find((candidate) => candidate.name === name);
  if (hop === undefined) throw new Error(`BUG: no hop ${name}`);
  return hop;
}

function matches(hop: Hop, span: JudgedSpan): boolean {
  const at = span.attributes;
  if (at.get('wirestitch.observation_point') !== hop.point) return false;
  if (at.get('network.protocol.name') !== hop.protocol) return false;
  const own = hop.point === 'client_process' ? 'client.address' : 'server.address';
  if (at.get(own) !== addressOf(hop.room)) return false;
  return hop.pattern === undefined || hop.pattern.test(at.get(hop.field ?? '') ?? '');
}

/** The nearest span above that a process made: what the wire showed in between is left out. */
function parentOf(span: JudgedSpan, byId: ReadonlyMap<string, JudgedSpan>): JudgedSpan | undefined {
  let above = byId.get(span.parent);
  for (let steps = 0; above !== undefined && steps < byId.size; steps += 1) {
    if (above.attributes.get('wirestitch.observation_point')?.endsWith('_process')) return above;
    above = byId.get(above.parent);
  }
  return undefined;
}

function describe(span: JudgedSpan): string {
  const point = span.attributes.get('wirestitch.observation_point') ?? '';
  return `${span.service} ${span.name} (${point}${clickOf(span) ? `, click ${clickOf(span)}` : ''})`;
}
