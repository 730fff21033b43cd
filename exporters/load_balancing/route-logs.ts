import { AttributeKey } from '../../pdata/attribute-key.ts';
import type { Logs } from '../../pdata/batch.ts';
import { LogReader } from '../../pdata/readers.ts';
import type { BackendOf, Routes } from './assignment.ts';
import { byResource, byService, foundPart } from './route-groups.ts';
import { keyPart } from './routing-key.ts';

type Route = (batch: Logs, routes: Routes, backendOf: BackendOf) => void;

const readerOf = (batch: Logs) => new LogReader(batch);

/** Records without a trace id go anywhere. */
function byTraceId(random: () => number): Route {
  return (batch, routes, backendOf) => {
    const reader = new LogReader(batch);
    const id = Buffer.alloc(16);
    while (reader.nextAnyItem()) {
      const has =
        reader.item.findField(9) && reader.item.value.end - reader.item.value.start === 16;
      if (has) {
        const { bytes, start } = reader.item.value;
        for (let i = 0; i < 16; i += 1) id[i] = bytes[start + i]!;
      } else id.writeUInt32LE(Math.floor(random() * 2 ** 32));
      routes.give(backendOf(id));
    }
  };
}

function recordPart(reader: LogReader, key: AttributeKey): string {
  const outer = foundPart([reader.resource, reader.scope], key);
  if (outer !== undefined) return outer;
  if (key.text === 'log.severity') return keyPart(key.text, reader.severityText);
  if (key.text === 'log.body') {
    return keyPart(key.text, reader.findBody() ? reader.item.value.toText() : '');
  }
  return foundPart([reader.item], key) ?? keyPart(key.text, undefined);
}

/** All records of a resource go by the attributes of the first of them. */
function byAttributes(names: readonly string[]): Route {
  const keys = names.map((name) => new AttributeKey(name));
  return (batch, routes, backendOf) => {
    const reader = new LogReader(batch);
    while (reader.nextResource()) {
      let backend: number | undefined;
      while (reader.nextScope()) {
        while (reader.nextItem()) {
          backend ??= backendOf(keys.map((key) => recordPart(reader, key)).join(''));
          routes.give(backend);
        }
      }
    }
  };
}

/** @throws Error for a routing key that logs do not have */
export function routeLogs(key: string, attributes: readonly string[], random: () => number): Route {
  if (key === '' || key === 'service') return byService(readerOf);
  if (key === 'traceID') return byTraceId(random);
  if (key === 'resource') return byResource(readerOf);
  if (key === 'attributes') return byAttributes(attributes);
  throw new Error(`cannot balance logs: unsupported routing_key: ${JSON.stringify(key)}`);
}
