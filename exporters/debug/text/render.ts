import type { AnyBatch } from '../../../component/factory.ts';
import { toJson } from '../../../pdata/json.ts';
import { detailedLogs, normalLogs } from './logs.ts';
import { detailedMetrics, normalMetrics } from './metrics.ts';
import type { Request } from './otlp-json.ts';
import { detailedTraces, normalTraces } from './traces.ts';

/** A batch as text: a line an item, or every field. Profiles are written as OTLP/JSON. */
export function renderBatch(batch: AnyBatch, verbosity: 'normal' | 'detailed'): string {
  const json = toJson(batch);
  if (batch.signal === 'profiles') return `${json}\n`;
  const request = JSON.parse(json) as Request;
  const detailed = verbosity === 'detailed';
  if (batch.signal === 'traces') return detailed ? detailedTraces(request) : normalTraces(request);
  if (batch.signal === 'logs') return detailed ? detailedLogs(request) : normalLogs(request);
  return detailed ? detailedMetrics(request) : normalMetrics(request);
}
