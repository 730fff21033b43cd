/**
 * A small server that speaks as much of the Kubernetes API as clients that follow objects need:
 * lists in pages and watches with bookmarks over objects that a test puts, changes and deletes.
 */
import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

/** Objects by resource, e.g. pods. */
export type Objects = Readonly<Record<string, readonly ApiObject[]>>;

const kinds: Readonly<Record<string, readonly [kind: string, apiVersion: string]>> = {
  pods: ['Pod', 'v1'],
  namespaces: ['Namespace', 'v1'],
  nodes: ['Node', 'v1'],
  replicasets: ['ReplicaSet', 'apps/v1'],
  deployments: ['Deployment', 'apps/v1'],
  statefulsets: ['StatefulSet', 'apps/v1'],
  daemonsets: ['DaemonSet', 'apps/v1'],
  jobs: ['Job', 'batch/v1'],
};

interface Event {
  readonly type: string;
  readonly resource: string;
  readonly object: ApiObject;
  readonly version: number;
}

interface Request {
  readonly resource: string;
  readonly namespace: string;
  readonly query: URLSearchParams;
  readonly metadataOnly: boolean;
}

type Watcher = (event: Event) => void;

function termHolds(term: string, value: string | undefined): boolean {
  if (term.includes('!=')) return value !== term.slice(term.indexOf('!=') + 2);
  if (term.startsWith('!')) return value === undefined;
  if (term.includes('=')) return value === term.slice(term.indexOf('=') + 1).replace(/^=/, '');
  return value !== undefined;
}

function keyOf(term: string): string {
  return /^!?([^!=]+)/.exec(term)?.[1] ?? '';
}

function fieldOf(object: ApiObject, path: string): string | undefined {
  let at: unknown = object;
  for (const step of path.split('.')) at = (at as Record<string, unknown> | undefined)?.[step];
  return at === undefined ? '' : String(at);
}

function selects(request: Request, object: ApiObject): boolean {
  const { namespace, query } = request;
  if (namespace !== '' && object.metadata.namespace !== namespace) return false;
  const terms = (name: string) => (query.get(name) ?? '').split(',').filter((term) => term !== '');
  return (
    terms('labelSelector').every((t) => termHolds(t, object.metadata.labels?.[keyOf(t)])) &&
    terms('fieldSelector').every((t) => termHolds(t, fieldOf(object, keyOf(t))))
  );
}

export class ApiServer {
  /** Requests so far: path and query. */
  readonly requests: string[] = [];
  /** Status to answer with instead, 0 = none. */
  failWith = 0;
  /** Most objects of a page. */
  pageSize = 500;
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #watchers = new Set<Watcher>();
  #events: Event[] = [];
  /** Changes up to here have been forgotten. */
  #horizon = 0;
  #version = 1000;
  readonly #server = http.createServer((request, response) => this.#serve(request, response));

  constructor(objects: Objects = {}) {
    for (const [resource, all] of Object.entries(objects)) {
      for (const object of all) this.put(resource, object);
    }
  }

  /** @param port 0 = any; @returns its URL */
  async start(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Ends all connections, as a server that is restarted does. */
  disconnect(): void {
    this.#server.closeAllConnections();
  }

  /** Forgets all changes so far: a watch from before gets 410. */
  compact(): void {
    this.#horizon = this.#version;
    this.#events = [];
  }

  /** Adds or changes an object. */
  put(resource: string, object: ApiObject): void {
    const all = this.#all(resource);
    const { name, namespace = '' } = object.metadata;
    const key = `${namespace}/${name}`;
    this.#tell(all.has(key) ? 'MODIFIED' : 'ADDED', resource, object, (stored) =>
      all.set(key, stored),
    );
  }

  delete(resource: string, name: string, namespace = ''): void {
    const all = this.#all(resource);
    const key = `${namespace}/${name}`;
    const object = all.get(key);
    if (object !== undefined) this.#tell('DELETED', resource, object, () => all.delete(key));
  }

  /** Tells watchers how far they have come. */
  bookmark(resource: string): void {
    this.#tell('BOOKMARK', resource, { metadata: { name: '' } }, () => undefined);
  }

  #all(resource: string): Map<string, ApiObject> {
    let all = this.#objects.get(resource);
    if (all === undefined) this.#objects.set(resource, (all = new Map()));
    return all;
  }

  #tell(type: string, resource: string, object: ApiObject, store: (stored: ApiObject) => void) {
    this.#version += 1;
    const [kind, apiVersion] = kinds[resource] ?? ['Object', 'v1'];
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    const stored = { kind, apiVersion, ...object, metadata };
    store(stored);
    const event = { type, resource, object: stored, version: this.#version };
    if (type !== 'BOOKMARK') this.#events.push(event);
    for (const watcher of this.#watchers) watcher(event);
  }

  #serve(incoming: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    this.requests.push(url.pathname + url.search);
    const match =
      /^\/(?:api\/v1|apis\/(?:apps|batch)\/v1)(?:\/namespaces\/([^/]+))?\/([a-z]+)$/.exec(
        url.pathname,
      );
    if (this.failWith > 0 || match === null || kinds[match[2]!] === undefined) {
      this.#fail(response, this.failWith > 0 ? this.failWith : 404, 'no such thing here');
      return;
    }
    const request: Request = {
      namespace: match[1] ?? '',
      resource: match[2]!,
      query: url.searchParams,
      metadataOnly: (incoming.headers.accept ?? '').includes('as=PartialObjectMetadata'),
    };
    if (request.query.get('watch') === 'true' || request.query.get('watch') === '1') {
      this.#watch(request, response);
    } else this.#list(request, response);
  }

  #fail(response: http.ServerResponse, code: number, message: string, reason = ''): void {
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code };
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(status));
  }

  #shown({ metadataOnly }: Request, object: ApiObject): ApiObject {
    if (!metadataOnly) return object;
    const { metadata } = object;
    return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
  }

  #list(request: Request, response: http.ServerResponse): void {
    const { resource, query, metadataOnly } = request;
    const all = [...this.#all(resource).values()].filter((object) => selects(request, object));
    const from = Number(query.get('continue') ?? 0);
    const to = from + Math.min(this.pageSize, Number(query.get('limit') || this.pageSize));
    const [kind, apiVersion] = kinds[resource]!;
    const more = to < all.length ? { continue: String(to) } : {};
    const body = {
      kind: metadataOnly ? 'PartialObjectMetadataList' : `${kind}List`,
      apiVersion: metadataOnly ? 'meta.k8s.io/v1' : apiVersion,
      metadata: { resourceVersion: String(this.#version), ...more },
      items: all.slice(from, to).map((object) => this.#shown(request, object)),
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #watch(request: Request, response: http.ServerResponse): void {
    const { resource, query } = request;
    if (query.get('sendInitialEvents') === 'true') {
      this.#fail(response, 422, 'sendInitialEvents is forbidden', 'Invalid');
      return;
    }
    const from = Number(query.get('resourceVersion') || this.#version);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const write = (type: string, object: unknown) =>
      void response.write(`${JSON.stringify({ type, object })}\n`);
    if (from < this.#horizon) {
      const message = 'too old resource version';
      write('ERROR', { kind: 'Status', apiVersion: 'v1', code: 410, reason: 'Expired', message });
      response.end();
      return;
    }
    const tell: Watcher = (event) => {
      if (event.resource !== resource) return;
      if (event.type !== 'BOOKMARK' && !selects(request, event.object)) return;
      write(event.type, this.#shown(request, event.object));
    };
    for (const event of this.#events) if (event.version > from) tell(event);
    this.#watchers.add(tell);
    response.on('close', () => this.#watchers.delete(tell));
  }
}

/** A kubeconfig for a server without TLS. */
export function kubeConfig(url: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: url } }],
    users: [{ name: 'test', user: { token: 'secret' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}
