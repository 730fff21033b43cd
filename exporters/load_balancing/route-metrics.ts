import { AttributeKey } from '../../pdata/attribute-key.ts';
import type { Metrics } from '../../pdata/batch.ts';
import { DataKind, MetricReader } from '../../pdata/readers.ts';
import type { BackendOf, Routes } from './assignment.ts';
import { attributesOf, type MetricIdentity, mapHash, streamName } from './identity.ts';
import { byResource, byService, foundPart } from './route-groups.ts';
import { keyPart } from './routing-key.ts';

type Route = (batch: Metrics, routes: Routes, backendOf: BackendOf) => void;

const readerOf = (batch: Metrics) => new MetricReader(batch);

const byName: Route = (batch, routes, backendOf) => {
  const reader = new MetricReader(batch);
  while (reader.nextAnyItem()) routes.give(backendOf(reader.name));
};

/** Numbers that stand for kinds of data in the names of streams. */
const types: Readonly<Record<number, number>> = {
  [DataKind.gauge]: 1,
  [DataKind.sum]: 2,
  [DataKind.histogram]: 3,
  [DataKind.exponentialHistogram]: 4,
  [DataKind.summary]: 5,
};

function metricIdentity(
  reader: MetricReader,
  resource: Uint8Array,
  scope: MetricIdentity['scope'],
): MetricIdentity {
  const isHistogram =
    reader.dataKind === DataKind.histogram || reader.dataKind === DataKind.exponentialHistogram;
  return {
    resource,
    scope,
    name: reader.name,
    unit: reader.unit,
    type: types[reader.dataKind] ?? 0,
    isMonotonic: isHistogram || reader.monotonic,
    temporality: reader.dataKind === DataKind.summary ? 0 : reader.temporality,
  };
}

const byStream: Route = (batch, routes, backendOf) => {
  const reader = new MetricReader(batch);
  while (reader.nextResource()) {
    const resource = mapHash(attributesOf(reader.resource));
    while (reader.nextScope()) {
      const hash = mapHash(attributesOf(reader.scope));
      const scope = { name: reader.scope.string(1), version: reader.scope.string(2), hash };
      while (reader.nextItem()) {
        const metric = metricIdentity(reader, resource, scope);
        routes.give(backendOf(streamName(metric, attributesOf(reader.item))));
      }
    }
  }
};

function pointPart(reader: MetricReader, key: AttributeKey): string {
  const part = foundPart([reader.resource, reader.scope, reader.item], key);
  return part ?? keyPart(key.text, undefined);
}

function byAttributes(names: readonly string[]): Route {
  const keys = names.map((name) => new AttributeKey(name));
  return (batch, routes, backendOf) => {
    const reader = new MetricReader(batch);
    while (reader.nextAnyItem()) {
      routes.give(backendOf(keys.map((key) => pointPart(reader, key)).join('')));
    }
  };
}

/** @throws Error for a routing key that metrics do not have */
export function routeMetrics(key: string, attributes: readonly string[]): Route {
  switch (key) {
    case '':
    case 'service':
      return byService(readerOf);
    case 'resource':
      return byResource(readerOf);
    case 'metric':
      return byName;
    case 'streamID':
      return byStream;
    case 'attributes':
      return byAttributes(attributes);
    default:
      throw new Error(`cannot balance metrics: unsupported routing_key: ${JSON.stringify(key)}`);
  }
}
