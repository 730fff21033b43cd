import type { KindName } from '../../pipeline/skywalking/kinds.ts';

/** A method of the gRPC protocol. */
export interface MethodInfo {
  readonly paths: readonly string[];
  /** Whether the client streams. */
  readonly streams: boolean;
  /** What its messages are; undefined = they say nothing that is kept. */
  readonly kind?: KindName;
  /** The one answer of a call that could have several. */
  readonly reply?: Uint8Array;
}

/** Services that older agents call without the name of their package. */
const older = new Set([
  'TraceSegmentReportService',
  'MeterReportService',
  'JVMMetricReportService',
  'CLRMetricReportService',
  'ManagementService',
  'ProfileTask',
  'BrowserPerfService',
]);

function paths(service: string, method: string, version = 3): string[] {
  const path = `/skywalking.v${version}.${service}/${method}`;
  return older.has(service) ? [path, `/${service}/${method}`] : [path];
}

const once = (service: string, method: string, kind?: KindName, version = 3): MethodInfo => {
  const info = { paths: paths(service, method, version), streams: false };
  return kind === undefined ? info : { ...info, kind };
};

const stream = (service: string, method: string, kind?: KindName): MethodInfo => {
  const info = { paths: paths(service, method), streams: true };
  return kind === undefined ? info : { ...info, kind };
};

/** Status 2 of AsyncProfilerCollectionResponse and PprofCollectionResponse: too large, do not send. */
const tooLarge = Uint8Array.of(0x08, 2);

/**
 * Every method that agents call (skywalking-data-collect-protocol, January 2026). The services that
 * hand out tasks and configuration answer that there are none.
 */
export const methods: readonly MethodInfo[] = [
  stream('TraceSegmentReportService', 'collect', 'segment'),
  once('TraceSegmentReportService', 'collectInSync', 'segments'),
  stream('SpanAttachedEventReportService', 'collect', 'attachedEvent'),
  once('ManagementService', 'reportInstanceProperties', 'properties'),
  once('ManagementService', 'keepAlive'),
  stream('MeterReportService', 'collect', 'meter'),
  stream('MeterReportService', 'collectBatch', 'meterBatch'),
  once('JVMMetricReportService', 'collect', 'jvm'),
  once('CLRMetricReportService', 'collect', 'clr'),
  stream('LogReportService', 'collect', 'log'),
  stream('EventService', 'collect', 'event'),
  once('BrowserPerfService', 'collectPerfData', 'page'),
  once('BrowserPerfService', 'collectWebVitalsPerfData', 'webVitals'),
  once('BrowserPerfService', 'collectResourcePerfData', 'resource'),
  once('BrowserPerfService', 'collectWebInteractionsPerfData', 'interaction'),
  stream('BrowserPerfService', 'collectErrorLogs', 'browserError'),
  stream('ServiceMeshMetricService', 'collect', 'mesh'),
  once('ConfigurationDiscoveryService', 'fetchConfigurations'),
  once('ProfileTask', 'getProfileTaskCommands'),
  once('ProfileTask', 'reportTaskFinish'),
  stream('ProfileTask', 'collectSnapshot'),
  stream('ProfileTask', 'goProfileReport'),
  once('ContinuousProfilingService', 'queryPolicies'),
  once('ContinuousProfilingService', 'reportProfilingTask'),
  once('EBPFProfilingService', 'queryTasks'),
  once('AsyncProfilerTask', 'getAsyncProfilerTaskCommands', undefined, 10),
  once('PprofTask', 'getPprofTaskCommands', undefined, 10),
  { paths: paths('AsyncProfilerTask', 'collect', 10), streams: true, reply: tooLarge },
  { paths: paths('PprofTask', 'collect', 10), streams: true, reply: tooLarge },
];
