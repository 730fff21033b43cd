import { isClientSide, type ObservationPoint } from '../../wire/observation/points.ts';
import { hostPort } from '../address.ts';
import type { Ends } from '../session/conversation.ts';
import type { Session } from '../session/session.ts';
import type { Outcome } from './outcome.ts';
import type { PointWriter } from './points.ts';
import { SeriesTable } from './series.ts';

interface RequestOptions {
  readonly maxSeries: number;
  /** Where a flow is seen: at `client_*` the service is the client. */
  pointOf(ends: Ends): ObservationPoint;
}

/** Upper bounds of the duration histogram, in seconds. */
const durationBounds: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/* Numbers of a series: requests, responses, sum and maximum of durations, buckets. */
const REQUESTS = 0;
const TIMED = 1;
const SUM = 2;
const MAX = 3;
const BUCKETS = 4;
const WIDTH = BUCKETS + durationBounds.length + 1;

/**
 * Rate, errors and duration of requests, by service, protocol and endpoint. Durations are of
 * requests that were answered; a response whose request was not seen counts for nothing.
 */
export class RequestMeters {
  readonly series: SeriesTable;
  readonly errors: SeriesTable;
  private readonly options: RequestOptions;

  constructor(options: RequestOptions) {
    this.options = options;
    this.series = new SeriesTable(WIDTH, options.maxSeries);
    this.errors = new SeriesTable(1, options.maxSeries);
  }

  add(session: Session, outcome: Outcome): void {
    const { request, response } = session;
    if (request === undefined) return;
    const ends = session.conversation.ends();
    const point = this.options.pointOf(ends);
    const service = isClientSide(point)
      ? ends.clientAddress
      : hostPort(ends.serverAddress, ends.serverPort);
    const protocol = session.protocol.name;
    const key = `${service}\n${protocol}\n${outcome.endpoint}\n${ends.interfaceId}`;
    const describe = () => ({
      'service.name': service,
      'span.name': outcome.endpoint,
      'network.protocol.name': protocol,
      'server.address': ends.serverAddress,
      'server.port': ends.serverPort,
      'wirestitch.observation_point': point,
      'wirestitch.capture.interface': ends.interfaceId,
    });
    const series = this.series.of(key, describe);
    const at = series * WIDTH;
    const { values } = this.series;
    values[at + REQUESTS]!++;
    if (response !== undefined) {
      const nanos = Math.max(0, session.end - session.start);
      values[at + TIMED]!++;
      values[at + SUM]! += nanos;
      if (nanos > values[at + MAX]!) values[at + MAX] = nanos;
      values[at + BUCKETS + bucketOf(nanos / 1e9)]!++;
    }
    this.series.touch(series);
    if (outcome.failure === '') return;
    const failure = outcome.failure;
    const error = this.errors.of(`${key}\n${failure}`, () => ({
      ...describe(),
      'error.type': failure,
    }));
    this.errors.values[error]!++;
    this.errors.touch(error);
  }

  /** Writes the points of the series that have changed. */
  write(w: PointWriter): void {
    const { series, errors } = this;
    w.sum('wirestitch.requests', '{request}', 'Requests.');
    for (const s of series.changed) {
      w.number(series.values[s * WIDTH + REQUESTS]!, series.since[s]!, series.attributes[s]!);
    }
    w.sum('wirestitch.request.errors', '{request}', 'Requests that failed, by error.');
    for (const s of errors.changed) {
      w.number(errors.values[s]!, errors.since[s]!, errors.attributes[s]!);
    }
    w.histogram(
      'wirestitch.request.duration',
      's',
      'From the first byte of a request to the last of its response.',
    );
    for (const s of series.changed) {
      const at = s * WIDTH;
      const v = series.values;
      const counts = Array.from(v.subarray(at + BUCKETS, at + WIDTH), (n) => BigInt(n));
      w.distribution(
        v[at + TIMED]!,
        v[at + SUM]! / 1e9,
        v[at + MAX]! / 1e9,
        series.since[s]!,
        series.attributes[s]!,
        durationBounds,
        counts,
      );
    }
  }

  turn(reset: boolean, second: number): void {
    this.series.turn(reset, second);
    this.errors.turn(reset, second);
  }
}

/** Index of the first bound that is not below a value. */
function bucketOf(seconds: number): number {
  let i = 0;
  while (i < durationBounds.length && durationBounds[i]! < seconds) i++;
  return i;
}
