/** One graph of what the statements found: pure. */
import { AddressNames } from './address-names.ts';
import { type Red, RedSum } from './bands.ts';
import type { Captured } from './captured-rows.ts';
import type { CallEdge } from './edge-rows.ts';
import { FlowFigures, type FlowPair } from './flow-rows.ts';
import type {
  EdgeSource,
  Measure,
  NodeType,
  RedSeries,
  ServiceEdge,
  ServiceNode,
} from './model.ts';
import { clusterService, isAddress, type Peer, peerOf, withPort } from './peer-name.ts';
import type { PeerCalls } from './peer-rows.ts';
import type { ServiceSpans } from './red-rows.ts';

/** What the statements found in one window; a sample's figures are scaled up already. */
export interface Findings {
  /** Services by their own spans, captured ones left out where they can be told apart. */
  readonly services: ReadonlyMap<string, ServiceSpans>;
  /** Services all of whose spans were captured: they are known by their requests. */
  readonly capturedOnly: ReadonlySet<string>;
  readonly calls: readonly CallEdge[];
  readonly captured: Captured;
  readonly peers: readonly PeerCalls[];
  readonly flows: readonly FlowPair[];
}

/** Clients of one server that are only addresses, beyond which they are one node. */
const maxLoneAddresses = 8;

interface Graph {
  readonly nodes: readonly ServiceNode[];
  readonly edges: readonly ServiceEdge[];
}

/** Nodes and edges, those with most calls first. */
export function buildGraph(findings: Findings): Graph {
  const graph = new GraphBuilder(findings);
  graph.addServices();
  graph.addCalls();
  graph.addCaptured();
  graph.addPeers();
  graph.addFlows();
  return graph.result();
}

interface Figures {
  readonly measure: Measure;
  readonly red: Red;
  readonly series?: RedSeries;
}

interface NodeDraft {
  readonly name: string;
  type: NodeType;
  system: string;
  instrumented: boolean;
  figures: Figures | undefined;
}

interface EdgeDraft {
  readonly from: string;
  readonly to: string;
  readonly bySource: Map<EdgeSource, RedSum>;
  readonly protocols: Map<string, number>;
  /** Flow figures by the place that saw them. */
  readonly places: Map<string, FlowFigures>;
}

class GraphBuilder {
  readonly #findings: Findings;
  readonly #names = new AddressNames();
  /** By key: the name, or type and name of databases, queues and hosts that no service is. */
  readonly #nodes = new Map<string, NodeDraft>();
  readonly #edges = new Map<string, EdgeDraft>();

  constructor(findings: Findings) {
    this.#findings = findings;
    this.#learn();
  }

  #learn(): void {
    for (const { server, addresses } of this.#findings.calls) {
      for (const address of addresses) this.#names.learn(address, server);
    }
    for (const edge of this.#findings.captured.edges) {
      if (!isAddress(edge.server)) {
        for (const address of edge.serverAddresses) this.#names.learn(address, edge.server);
      }
      if (isAddress(edge.client)) continue;
      for (const address of edge.clientAddresses) this.#names.learn(address, edge.client);
    }
    for (const flow of this.#findings.flows) {
      this.#names.learn(withPort(flow.server, flow.serverPort), flow.serverService);
      this.#names.learn(flow.client, flow.clientService);
    }
  }

  addServices(): void {
    const { services, capturedOnly, captured } = this.#findings;
    for (const [name, spans] of services) {
      if (capturedOnly.has(name)) continue;
      const node = this.#service(name);
      node.instrumented = true;
      const requests = spans.entries.total.calls > 0;
      const own = requests ? spans.entries : spans.others;
      const measure = requests ? 'requests' : 'spans';
      node.figures = { measure, red: own.total, series: own.series };
    }
    for (const [name, servers] of Map.groupBy(captured.servers, ([one]) => this.#resolve(one))) {
      const [first, ...others] = servers.map(([, own]) => own);
      if (first === undefined) continue;
      const stepped = others.length === 0 ? first : first.with(others);
      const node = this.#service(name);
      const figures = { measure: 'captured', red: stepped.total, series: stepped.series } as const;
      // What SDKs counted is preferred, unless they saw only a part.
      const before = node.figures;
      if (before === undefined || before.measure === 'spans') node.figures = figures;
      else if (before.red.calls < stepped.total.calls) node.figures = figures;
    }
  }

  addCalls(): void {
    for (const { client, server, red, protocols } of this.#findings.calls) {
      const [from, to] = [this.#resolve(client), this.#resolve(server)];
      if (from === to) continue;
      this.#service(from);
      this.#service(to);
      this.#call(from, to, 'trace', red, protocols);
    }
  }

  addCaptured(): void {
    const lone = this.#loneClients(this.#findings.captured.edges);
    for (const edge of this.#findings.captured.edges) {
      const to = this.#resolve(edge.server);
      const from = this.#clientKey(edge.client, to, lone);
      if (from === to) continue;
      this.#service(from);
      const node = this.#service(to);
      if (edge.type !== 'service') {
        node.type = edge.type;
        node.system = edge.protocol;
      }
      node.instrumented ||= !isAddress(edge.server);
      this.#call(from, to, 'capture', edge.red, new Map([[edge.protocol, edge.red.calls]]));
    }
  }

  addPeers(): void {
    for (const calls of this.#findings.peers) {
      const peer = peerOf(calls);
      if (peer === undefined) continue;
      const other = this.#peerKey(peer);
      const service = this.#resolve(calls.service);
      this.#service(service);
      if (other === service) continue;
      const protocols = new Map([[calls.protocol, calls.red.calls]]);
      if (calls.consumes) this.#call(other, service, 'peer', calls.red, protocols);
      else this.#call(service, other, 'peer', calls.red, protocols);
    }
  }

  addFlows(): void {
    const known = this.#findings.flows.map((flow) => ({
      flow,
      client: flow.clientService || flow.client,
      server: flow.serverService || withPort(flow.server, flow.serverPort),
    }));
    const lone = this.#loneClients(known);
    for (const { flow, client, server } of known) {
      const to = this.#flowEnd(server);
      const from = this.#clientKey(client, to, lone);
      if (from === to) continue;
      this.#service(from);
      const edge = this.#edge(from, to);
      const figures = edge.places.get(flow.place) ?? new FlowFigures();
      edge.places.set(flow.place, figures);
      figures.add(flow.figures);
      if (flow.protocol !== '' && edge.protocols.size === 0) edge.protocols.set(flow.protocol, 0);
    }
  }

  result(): Graph {
    const edges = [...this.#edges.values()].map((edge) => this.#finishEdge(edge));
    const incoming = new Map<string, RedSum>();
    for (const edge of edges) {
      const sum = incoming.get(edge.to) ?? new RedSum();
      incoming.set(edge.to, sum);
      sum.add(edge.red);
    }
    const nodes = [...this.#nodes.values()].map((node): ServiceNode => {
      const id = idOf(node);
      const callers: Figures = { measure: 'callers', red: incoming.get(id) ?? new RedSum() };
      const { measure, red, series } = node.figures ?? callers;
      const { type, name, system, instrumented } = node;
      const known = { id, type, name, system, instrumented, measure, red };
      return series === undefined ? known : { ...known, series };
    });
    nodes.sort((a, b) => b.red.calls - a.red.calls || compare(a.id, b.id));
    edges.sort((a, b) => b.red.calls - a.red.calls || compare(a.from + a.to, b.from + b.to));
    return { nodes, edges };
  }

  #finishEdge(edge: EdgeDraft): ServiceEdge {
    let [source, red]: [EdgeSource, Red] = ['flow', new RedSum()];
    for (const [one, sum] of edge.bySource) {
      if (sum.calls > red.calls) [source, red] = [one, sum];
    }
    const protocols = [...edge.protocols].filter(([name]) => name !== '');
    protocols.sort(([a, n], [b, m]) => m - n || compare(a, b));
    const draft = {
      from: idOf(this.#nodes.get(edge.from)!),
      to: idOf(this.#nodes.get(edge.to)!),
      source,
      red,
      protocols: protocols.map(([name]) => name),
    };
    const [most] = [...edge.places.values()].sort((a, b) => b.packets - a.packets);
    return most === undefined ? draft : { ...draft, network: most.result() };
  }

  /** A service's name for what is only an address, where that is known. */
  #resolve(name: string): string {
    return isAddress(name) ? (this.#names.of(name) ?? name) : name;
  }

  #service(key: string): NodeDraft {
    let node = this.#nodes.get(key);
    if (node === undefined) {
      const group = groupOf(key);
      const type = group !== undefined ? 'addresses' : isAddress(key) ? 'address' : 'service';
      const name = group ?? key;
      node = { name, type, system: '', instrumented: false, figures: undefined };
      this.#nodes.set(key, node);
    }
    return node;
  }

  #peerKey(peer: Peer): string {
    const known =
      this.#names.of(peer.address) ?? this.#serviceNamed(peer.name) ?? this.#nodeOf(peer);
    const node = known === undefined ? undefined : this.#nodes.get(known);
    if (known !== undefined && node !== undefined) {
      node.system ||= peer.system;
      return known;
    }
    const name = known ?? peer.name;
    const key = peer.type === 'address' ? name : `${peer.type}\n${name}`;
    if (!this.#nodes.has(key)) {
      const { type, system } = peer;
      this.#nodes.set(key, { name, type, system, instrumented: false, figures: undefined });
    }
    return key;
  }

  /** A service with spans by this name, or by the first label of a name within a cluster. */
  #serviceNamed(name: string): string | undefined {
    const { services } = this.#findings;
    if (services.has(name)) return name;
    const label = clusterService(name);
    return label !== undefined && services.has(label) ? label : undefined;
  }

  /** What capture already has at that address, or of that type by that name. */
  #nodeOf({ address, name, type }: Peer): string | undefined {
    if (this.#nodes.has(address)) return address;
    return this.#nodes.get(name)?.type === type ? name : undefined;
  }

  /** The node at a flow's server end: spans may know it as a database or by its address. */
  #flowEnd(server: string): string {
    const name = this.#resolve(server);
    if (this.#nodes.has(name)) return name;
    for (const type of ['database', 'queue', 'external']) {
      if (this.#nodes.has(`${type}\n${name}`)) return `${type}\n${name}`;
    }
    this.#service(name);
    return name;
  }

  /** Servers with many clients that are only addresses. */
  #loneClients(edges: readonly { readonly client: string; readonly server: string }[]): Lone {
    const byServer = new Map<string, Set<string>>();
    for (const { client, server } of edges) {
      const from = this.#resolve(client);
      if (!isAddress(from) || this.#nodes.get(from)?.figures !== undefined) continue;
      const to = this.#resolve(server);
      const clients = byServer.get(to) ?? new Set();
      byServer.set(to, clients.add(from));
    }
    const lone = new Map<string, number>();
    for (const [server, clients] of byServer) {
      if (clients.size > maxLoneAddresses) lone.set(server, clients.size);
    }
    return lone;
  }

  #clientKey(client: string, server: string, lone: Lone): string {
    const name = this.#resolve(client);
    const many = lone.get(server);
    if (many === undefined || !isAddress(name)) return name;
    return this.#nodes.get(name)?.figures === undefined ? this.#group(many, server) : name;
  }

  #group(many: number, server: string): string {
    const key = `addresses\n${server}`;
    const node = this.#service(key);
    const before = Number.parseInt(node.system, 10) || 0;
    node.system = `${Math.max(before, many)} addresses`;
    return key;
  }

  #call(
    from: string,
    to: string,
    source: EdgeSource,
    red: Red,
    protocols: ReadonlyMap<string, number>,
  ): void {
    const edge = this.#edge(from, to);
    const sum = edge.bySource.get(source) ?? new RedSum();
    edge.bySource.set(source, sum);
    sum.add(red);
    for (const [name, n] of protocols) {
      edge.protocols.set(name, (edge.protocols.get(name) ?? 0) + n);
    }
  }

  #edge(from: string, to: string): EdgeDraft {
    const key = JSON.stringify([from, to]);
    let edge = this.#edges.get(key);
    if (edge === undefined) {
      edge = { from, to, bySource: new Map(), protocols: new Map(), places: new Map() };
      this.#edges.set(key, edge);
    }
    return edge;
  }
}

/** Number of clients by server. */
type Lone = ReadonlyMap<string, number>;

function groupOf(key: string): string | undefined {
  return key.startsWith('addresses\n') ? `clients of ${key.slice(10)}` : undefined;
}

function idOf({ type, name }: NodeDraft): string {
  return `${type}:${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
