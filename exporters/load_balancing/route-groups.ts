import { PipelineError } from '../../component/errors.ts';
import { AttributeKey } from '../../pdata/attribute-key.ts';
import type { Batch } from '../../pdata/batch.ts';
import { decodeValue } from '../../pdata/objects/index.ts';
import type { GroupReader, MessageView } from '../../pdata/readers.ts';
import type { BackendOf, Routes } from './assignment.ts';
import { attributesOf, resourceName } from './identity.ts';
import { keyPart } from './routing-key.ts';

type Grouped = 'logs' | 'metrics';

type ReaderOf<S extends Grouped> = (batch: Batch<S>) => GroupReader<S>;

type Route<S extends Grouped> = (batch: Batch<S>, routes: Routes, backendOf: BackendOf) => void;

const serviceName = new AttributeKey('service.name');

/** All items of a resource go by what `backendFor` says of it. */
function eachResource<S extends Grouped>(
  reader: GroupReader<S>,
  routes: Routes,
  backendFor: (resource: MessageView) => number | undefined,
): void {
  while (reader.nextResource()) {
    const backend = backendFor(reader.resource);
    while (reader.nextScope()) while (reader.nextItem()) routes.give(backend);
  }
}

/** By the service name as it is; items without one go nowhere. */
export function byService<S extends Grouped>(readerOf: ReaderOf<S>): Route<S> {
  return (batch, routes, backendOf) => {
    eachResource(readerOf(batch), routes, (resource) =>
      resource.find(serviceName) ? backendOf(resource.value.string()) : undefined,
    );
    if (routes.skipped === 0 || routes.parts.size > 0) return;
    const message = 'unable to get service name: no resource has the attribute service.name';
    throw new PipelineError(message, { retryable: false });
  };
}

/** By all attributes of the resource. */
export function byResource<S extends Grouped>(readerOf: ReaderOf<S>): Route<S> {
  return (batch, routes, backendOf) =>
    eachResource(readerOf(batch), routes, (resource) =>
      backendOf(resourceName(attributesOf(resource))),
    );
}

/** The part of a key for an attribute of the first view that has it; undefined = none has. */
export function foundPart(views: readonly MessageView[], key: AttributeKey): string | undefined {
  for (const view of views) {
    if (!view.find(key)) continue;
    const { bytes, start, end } = view.value;
    return keyPart(key.text, decodeValue(bytes, start, end));
  }
  return undefined;
}
