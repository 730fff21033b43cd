import { AttributeKey } from '../../pdata/attribute-key.ts';
import type { Traces } from '../../pdata/batch.ts';
import { type MessageView, SpanReader } from '../../pdata/readers.ts';
import type { BackendOf, Routes } from './assignment.ts';
import { foundPart } from './route-groups.ts';
import { keyPart } from './routing-key.ts';

type Route = (batch: Traces, routes: Routes, backendOf: BackendOf) => void;

/** The span's trace id, zeros when it has none. */
function traceId(span: MessageView, into: Uint8Array): Uint8Array {
  if (!span.findField(1)) return into.fill(0);
  const { bytes, start, end } = span.value;
  if (end - start !== 16) return into.fill(0);
  for (let i = 0; i < 16; i += 1) into[i] = bytes[start + i]!;
  return into;
}

const byTraceId: Route = (batch, routes, backendOf) => {
  const reader = new SpanReader(batch);
  const id = new Uint8Array(16);
  while (reader.nextAnyItem()) routes.give(backendOf(traceId(reader.item, id)));
};

const kinds = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'];

function spanPart(reader: SpanReader, key: AttributeKey): string {
  const outer = foundPart([reader.resource, reader.scope], key);
  if (outer !== undefined) return outer;
  if (key.text === 'span.kind') return keyPart(key.text, kinds[reader.kind] ?? '');
  if (key.text === 'span.name') return keyPart(key.text, reader.name);
  return foundPart([reader.item], key) ?? keyPart(key.text, undefined);
}

/** The spans that a scope has of one trace go by the attributes of the first of them. */
function byAttributes(names: readonly string[]): Route {
  const keys = names.map((name) => new AttributeKey(name));
  return (batch, routes, backendOf) => {
    const reader = new SpanReader(batch);
    const id = Buffer.alloc(16);
    while (reader.nextResource()) {
      while (reader.nextScope()) {
        const known = new Map<string, number>();
        while (reader.nextItem()) {
          traceId(reader.item, id);
          const trace = id.toString('latin1');
          let backend = known.get(trace);
          if (backend === undefined) {
            backend = backendOf(keys.map((key) => spanPart(reader, key)).join(''));
            known.set(trace, backend);
          }
          routes.give(backend);
        }
      }
    }
  };
}

/** @throws Error for a routing key that traces do not have */
export function routeTraces(key: string, attributes: readonly string[]): Route {
  if (key === '' || key === 'traceID') return byTraceId;
  if (key === 'service') return byAttributes(['service.name']);
  if (key === 'attributes') return byAttributes(attributes);
  throw new Error(`cannot balance traces: unsupported routing_key: ${JSON.stringify(key)}`);
}
