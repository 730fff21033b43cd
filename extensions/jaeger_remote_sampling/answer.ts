import { Writer } from '../../pdata/proto/writer.ts';
import { protoReader } from '../../wire/tagged-spans/proto-reader.ts';
import type { Strategy } from './strategies.ts';

/**
 * A strategy as the JSON that Jaeger's clients read: SamplingStrategyResponse of api_v2, with the
 * strategy's type by its name.
 */
export function strategyJson({ rate, limit, operations }: Strategy): string {
  const probabilistic = (samplingRate: number) => ({ probabilisticSampling: { samplingRate } });
  return JSON.stringify({
    strategyType: limit === undefined ? 'PROBABILISTIC' : 'RATE_LIMITING',
    ...(rate === undefined ? {} : probabilistic(rate)),
    ...(limit === undefined ? {} : { rateLimitingSampling: { maxTracesPerSecond: limit } }),
    ...(operations === undefined
      ? {}
      : {
          operationSampling: {
            defaultSamplingProbability: operations.defaultRate,
            perOperationStrategies: operations.list.map((each) => ({
              operation: each.operation,
              ...probabilistic(each.rate),
            })),
          },
        }),
  });
}

function putRate(w: Writer, field: number, rate: number): void {
  const at = w.open(field);
  if (rate !== 0) w.doubleField(1, rate);
  w.close(at);
}

/** The same as protobuf: 1 type, 2 probabilistic, 3 rate limiting, 4 operations. */
export function strategyProto({ rate, limit, operations }: Strategy): Uint8Array {
  const w = new Writer(128);
  if (limit !== undefined) w.uintField(1, 1);
  if (rate !== undefined) putRate(w, 2, rate);
  if (limit !== undefined) {
    const at = w.open(3);
    if (limit !== 0) w.intField(1, limit);
    w.close(at);
  }
  if (operations !== undefined) {
    const at = w.open(4);
    if (operations.defaultRate !== 0) w.doubleField(1, operations.defaultRate);
    for (const each of operations.list) {
      const inner = w.open(3);
      w.stringField(1, each.operation);
      putRate(w, 2, each.rate);
      w.close(inner);
    }
    w.close(at);
  }
  return w.take();
}

/** The service that a SamplingStrategyParameters asks for. @throws WireError */
export function serviceOf(message: Uint8Array): string {
  const r = protoReader(message);
  let name = '';
  for (let tag = r.next(); tag !== 0; tag = r.next()) {
    if (tag === 0x0a) {
      r.range();
      name = Buffer.from(message.subarray(r.from, r.to)).toString('utf8');
    } else r.skipOver(1, tag);
  }
  return name;
}
