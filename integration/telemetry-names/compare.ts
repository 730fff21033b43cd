/** Where two programs tell something else of themselves. */
import type { Names, Outcome, Told } from './lib.ts';

/** Metrics of the Go runtime: there is nothing here that they could tell of. */
const absent: ReadonlySet<string> = new Set(['otelcol_process_runtime_total_alloc_bytes']);

/** Attributes whose values are each program's own. */
const free = /(error\.type|node_id|server\.address|service\.instance\.id|service\.version)=\S+/g;

/** Metrics that several components tell: the Go collector, each under a scope of its own. */
const shared = /^otelcol_kafka_broker_/;

const points = ({ points }: Told): string =>
  [...new Set(points.map((point) => point.replace(free, '$1=*')))].sort().join(' | ');

/** A question that the end of the program interrupts fails, or is not counted any more. */
function ended(name: string, told: Told): Told {
  if (!/^otelcol_kafka_receiver_(read_)?latency$/.test(name)) return told;
  return { ...told, points: told.points.filter((point) => !point.includes('outcome=failure')) };
}

/** One line for each difference; metrics that only this program has begin with wirestitch_. */
export function differences(mine: Outcome, theirs: Outcome): string[] {
  const found: string[] = [];
  for (const [name, told] of Object.entries(theirs.names)) {
    const own = mine.names[name];
    if (absent.has(name)) continue;
    if (own === undefined) found.push(`${name}: missing (${told.kind}; ${points(told)})`);
    else found.push(...faults(name, own, told));
  }
  for (const name of extra(mine.names, theirs.names)) {
    found.push(`${name}: the peer has none (${points(mine.names[name]!)})`);
  }
  const scraped = new Set(theirs.scraped);
  const ours = new Set(mine.scraped);
  for (const line of scraped) {
    if (!ours.has(line) && ![...absent].some((name) => line.includes(name))) {
      found.push(`scrape lacks ${line}`);
    }
  }
  for (const line of ours) {
    if (!scraped.has(line) && !line.includes('wirestitch_')) found.push(`scrape has ${line}`);
  }
  return found;
}

function extra(mine: Names, theirs: Names): string[] {
  return Object.keys(mine).filter((name) => !(name in theirs) && !name.startsWith('wirestitch_'));
}

function faults(name: string, mine: Told, theirs: Told): string[] {
  const found: string[] = [];
  const keys = shared.test(name)
    ? (['kind', 'unit'] as const)
    : (['scope', 'kind', 'unit'] as const);
  for (const key of keys) {
    if (mine[key] !== theirs[key]) found.push(`${name}: ${key} ${mine[key]}, not ${theirs[key]}`);
  }
  const [own, wanted] = [String(mine.bounds ?? ''), String(theirs.bounds ?? '')];
  if (own !== wanted) found.push(`${name}: bounds ${own}, not ${wanted}`);
  const [mineTold, theirsTold] = [mine, theirs].map((told) => points(ended(name, told)));
  if (mineTold !== theirsTold) {
    found.push(`${name}: points ${mineTold}, not ${theirsTold}`);
  }
  return found;
}
