export { AttributeKey, AttributeKeys } from './attribute-key.ts';
export { GroupReader } from './readers/group-reader.ts';
export { InternTable } from './readers/intern.ts';
export { type ItemReader, itemReader } from './readers/item-reader.ts';
export { LogField, LogReader } from './readers/log-reader.ts';
export { MessageView } from './readers/message-view.ts';
export { DataKind, MetricReader } from './readers/metric-reader.ts';
export { SpanField, SpanReader } from './readers/span-reader.ts';
export { eachElement, eachEntry, plainValue, ValueType, ValueView } from './readers/value-view.ts';
