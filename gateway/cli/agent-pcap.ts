import { CaptureEngine } from '../../agent/engine.ts';
import { protocolNames, protocols } from '../../agent/l7/registry.ts';
import { OutcomeReader } from '../../agent/metrics/outcome.ts';
import { CaptureFileError } from '../../agent/pcap/error.ts';
import { CaptureReader } from '../../agent/pcap/reader.ts';
import { TimeCheck } from '../../agent/pcap/time-check.ts';
import { count } from '../../agent/stats.ts';
import {
  FlowTotals,
  flowTable,
  type RequestRow,
  requestRow,
  requestTable,
} from '../../agent/table.ts';
import { captureFiles, chunksOf } from '../../receivers/packet/chunks.ts';

/** Rows that a table has at most; what is beyond is counted. */
const MOST_ROWS = 100_000;

/**
 * Prints the requests and the flows of capture files, which are read as one.
 * @returns exit code: 1 when a file is damaged; what came before the damage is printed
 */
export async function printCaptures(
  patterns: readonly string[],
  out: { write(text: string): unknown },
): Promise<number> {
  const requests: RequestRow[] = [];
  const flows = new FlowTotals(MOST_ROWS);
  const outcomes = new OutcomeReader({ endpointSegments: 2, obfuscate: true });
  let omitted = 0;
  const engine = new CaptureEngine(
    {
      protocols: protocolNames.map((name) => protocols[name]()),
      flows: (record) => flows.add(record),
      requests: (session) => outcomes.of(session, false),
    },
    (session, baseSeconds) => {
      if (requests.length < MOST_ROWS) requests.push(requestRow(session, baseSeconds));
      else omitted++;
    },
  );
  let code = 0;
  const check = new TimeCheck((packet) => engine.packet(packet));
  for (const file of await captureFiles(patterns)) {
    try {
      const reader = new CaptureReader(check.take);
      for await (const chunk of chunksOf(file)) reader.push(chunk);
      reader.end();
    } catch (error) {
      if (!(error instanceof CaptureFileError)) throw error;
      process.stderr.write(`Error: ${file}: ${error.message}\n`);
      code = 1;
    }
  }
  check.end();
  engine.finish();
  const rows = flows.rows();
  out.write(requests.length === 0 ? 'No requests.\n' : requestTable(requests));
  out.write(rows.length === 0 ? '\nNo flows.\n' : `\n${flowTable(rows)}`);
  const { packets, drops } = engine.stats();
  const given = new Map(Object.entries(drops));
  if (check.dropped > 0) count(given, 'time_implausible', check.dropped);
  const dropped = [...given].map(([reason, n]) => `${reason} ${n}`);
  const left = omitted + flows.omitted;
  out.write(
    `\n${packets} packets, ${rows.length} flows, ${requests.length} requests` +
      `${dropped.length === 0 ? '' : `; not used: ${dropped.join(', ')}`}` +
      `${left === 0 ? '' : `; ${left} rows left out`}\n`,
  );
  return code;
}
