import type { Instances } from './instances.ts';
import { Attributes, type InstanceRecord, type Pair, RecordTranslator, timeOf } from './records.ts';
import { message } from './schema.ts';
import { nanoseconds } from './times.ts';
import type { Translator } from './translator.ts';

/** What HTTPServiceMeshMetric and TCPServiceMeshMetric (service-mesh.proto) have in common. */
interface Exchange {
  readonly startTime: bigint;
  readonly endTime: bigint;
  readonly sourceServiceName: string;
  readonly sourceServiceInstance: string;
  readonly destServiceName: string;
  readonly destServiceInstance: string;
  readonly detectPoint: number;
  readonly tlsMode: string;
  readonly internalErrorCode: string;
  readonly internalRequestLatencyNanos: bigint;
  readonly internalResponseLatencyNanos: bigint;
  readonly sourceInstanceProperties: readonly Pair[];
  readonly destInstanceProperties: readonly Pair[];
}

interface HttpExchange extends Exchange {
  readonly endpoint: string;
  readonly latency: number;
  readonly responseCode: number;
  readonly status: boolean;
  readonly protocol: number;
}

interface TcpExchange extends Exchange {
  readonly receivedBytes: bigint;
  readonly sentBytes: bigint;
}

interface MeshMetrics {
  readonly httpMetrics?: { readonly metrics: readonly HttpExchange[] };
  readonly tcpMetrics?: { readonly metrics: readonly TcpExchange[] };
}

const http = message('HttpMetric');
const detectPoints = http.byName.get('detectPoint')!.enumNames;
const protocols = http.byName.get('protocol')!.enumNames;

function attributesOf(x: Exchange): Attributes {
  return new Attributes()
    .put('sw8.mesh.source.service', x.sourceServiceName)
    .put('sw8.mesh.source.instance', x.sourceServiceInstance)
    .put('sw8.mesh.destination.service', x.destServiceName)
    .put('sw8.mesh.destination.instance', x.destServiceInstance)
    .put('sw8.mesh.detect_point', detectPoints[x.detectPoint] ?? String(x.detectPoint))
    .put('sw8.mesh.tls_mode', x.tlsMode)
    .put('sw8.mesh.internal_error_code', x.internalErrorCode)
    .put('sw8.mesh.internal_request_latency', x.internalRequestLatencyNanos)
    .put('sw8.mesh.internal_response_latency', x.internalResponseLatencyNanos)
    .put('sw8.mesh.end_time', timeOf(x.endTime, 'end time'))
    .pairs(x.sourceInstanceProperties, 'sw8.mesh.source.')
    .pairs(x.destInstanceProperties, 'sw8.mesh.destination.');
}

/** An access log is of the end that logged it: the client's side of what it calls, else the server's. */
function recordOf(x: Exchange, nowMs: number, eventName: string): InstanceRecord {
  const isClient = x.detectPoint === 0;
  return {
    service: isClient ? x.sourceServiceName : x.destServiceName,
    instance: isClient ? x.sourceServiceInstance : x.destServiceInstance,
    timeUnixNano: timeOf(x.startTime, 'start time'),
    observedTimeUnixNano: nanoseconds(nowMs),
    severityNumber: x.internalErrorCode === '' ? 9 : 17,
    eventName,
  };
}

function describe({ httpMetrics, tcpMetrics }: MeshMetrics, nowMs: number): InstanceRecord[] {
  const records: InstanceRecord[] = [];
  for (const x of httpMetrics?.metrics ?? []) {
    const attributes = attributesOf(x)
      .put('sw8.endpoint', x.endpoint)
      .put('http.response.status_code', x.responseCode)
      .put('network.protocol.name', (protocols[x.protocol] ?? '').toLowerCase())
      .set('sw8.mesh.latency', x.latency)
      .set('sw8.mesh.success', x.status);
    const record = recordOf(x, nowMs, 'skywalking.mesh.http');
    records.push({ ...record, severityNumber: x.status ? 9 : 17, attributes });
  }
  for (const x of tcpMetrics?.metrics ?? []) {
    const attributes = attributesOf(x)
      .set('sw8.mesh.received_bytes', x.receivedBytes)
      .set('sw8.mesh.sent_bytes', x.sentBytes);
    records.push({ ...recordOf(x, nowMs, 'skywalking.mesh.tcp'), attributes });
  }
  return records;
}

/** Access logs of a service mesh (ServiceMeshMetrics): an event for each exchange. */
export function meshTranslator(instances: Instances): Translator<'logs'> {
  return new RecordTranslator<MeshMetrics>('MeshMetrics', instances, describe);
}
