import { Double } from '../../pdata/values.ts';
import type { Instances } from './instances.ts';
import {
  Attributes,
  type Describe,
  type InstanceRecord,
  RecordTranslator,
  timeOf,
} from './records.ts';
import { type MessageName, message } from './schema.ts';
import { nanoseconds } from './times.ts';
import type { Translator } from './translator.ts';

/** What all messages of browser/BrowserPerf.proto have; the version is SkyWalking's instance. */
interface Page {
  readonly service: string;
  readonly serviceVersion: string;
  readonly time: bigint;
  readonly pagePath: string;
}

type Measures = Page & Readonly<Record<string, unknown>>;

/** Fields that have an attribute of another name than their own. */
const named: Readonly<Record<string, string>> = {
  name: 'url.full',
  size: 'http.response.body.size',
  protocol: 'network.protocol.name',
  resourceType: 'sw8.browser.resource_type',
};

const common: readonly string[] = ['service', 'serviceVersion', 'time', 'pagePath'];

/** `firstPackTime` as `sw8.browser.first_pack_time`. */
function attributeName(field: string): string {
  const snake = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return named[field] ?? `sw8.browser.${snake}`;
}

function pageRecord(page: Page, nowMs: number, eventName: string): InstanceRecord {
  const now = nanoseconds(nowMs);
  const given = timeOf(page.time, 'time of a page');
  return {
    service: page.service,
    instance: page.serviceVersion,
    timeUnixNano: given === 0n ? now : given,
    observedTimeUnixNano: now,
    severityNumber: 9,
    eventName,
  };
}

/** Every measure of a message as an attribute, zeros too: they are results. */
function measured(name: MessageName, eventName: string): Describe<Measures> {
  const fields = message(name).fields.filter((field) => !common.includes(field.name));
  return (page, nowMs) => {
    const attributes = new Attributes().put('url.path', page.pagePath);
    for (const { name: key, kind } of fields) {
      const value = page[key];
      if (kind === 'double') attributes.set(attributeName(key), new Double(value as number));
      else if (kind === 'string') attributes.put(attributeName(key), value as string);
      else attributes.set(attributeName(key), value as number);
    }
    return [{ ...pageRecord(page, nowMs, eventName), attributes }];
  };
}

const events = {
  PagePerformance: 'skywalking.browser.page',
  WebVitals: 'skywalking.browser.web_vitals',
  Resource: 'skywalking.browser.resource',
  Interaction: 'skywalking.browser.interaction',
} as const;

/** What a browser measured of a page (times in ms): an event for each message. */
export function browserTranslator(
  name: keyof typeof events,
  instances: Instances,
): Translator<'logs'> {
  return new RecordTranslator<Measures>(name, instances, measured(name, events[name]));
}

interface BrowserError extends Page {
  readonly uniqueId: string;
  readonly category: number;
  readonly grade: string;
  readonly message: string;
  readonly line: number;
  readonly col: number;
  readonly stack: string;
  readonly errorUrl: string;
  readonly firstReportedError: boolean;
}

const categories = message('BrowserError').byName.get('category')!.enumNames;

function describeError(error: BrowserError, nowMs: number): InstanceRecord[] {
  const attributes = new Attributes()
    .put('exception.type', categories[error.category] ?? String(error.category))
    .put('exception.message', error.message)
    .put('exception.stacktrace', error.stack)
    .put('url.path', error.pagePath)
    .put('url.full', error.errorUrl)
    .put('code.line.number', error.line)
    .put('code.column.number', error.col)
    .put('sw8.browser.grade', error.grade)
    .put('sw8.browser.error_id', error.uniqueId)
    .put('sw8.browser.first_reported_error', error.firstReportedError);
  const record = pageRecord(error, nowMs, 'exception');
  return [
    { ...record, severityNumber: 17, severityText: error.grade, body: error.message, attributes },
  ];
}

/** Errors of scripts and pages: exception events. */
export function browserErrorTranslator(instances: Instances): Translator<'logs'> {
  return new RecordTranslator<BrowserError>('BrowserError', instances, describeError);
}
