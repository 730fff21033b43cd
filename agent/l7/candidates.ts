import type { Candidate } from './flow.ts';
import type { Protocol, Transport } from './protocol.ts';

/** Which protocols to look for on a pair of ports; remembered, since flows share ports. */
export class Candidates {
  /** Ports that the protocols are usually served on. */
  readonly servicePorts: ReadonlySet<number>;
  private readonly protocols: readonly Protocol[];
  private readonly known = new Map<number, readonly Candidate[]>();

  constructor(protocols: readonly Protocol[]) {
    this.protocols = protocols;
    this.servicePorts = new Set(protocols.flatMap((p) => p.ports));
  }

  /** The protocols, those first whose usual ports the flow has. */
  of(a: number, b: number, transport: Transport): readonly Candidate[] {
    const odd = transport === 'tcp' ? 1 : 0;
    const service = this.servicePorts.has(a) ? a : this.servicePorts.has(b) ? b : -1;
    const shunned = this.protocols.some((p) => p.notPorts?.includes(a) || p.notPorts?.includes(b));
    const key = (service + 1) * 2 + odd;
    const cached = shunned ? undefined : this.known.get(key);
    if (cached !== undefined) return cached;
    const made: Candidate[] = [];
    for (const protocol of this.protocols) {
      if (!protocol.transports.includes(transport)) continue;
      if (protocol.notPorts?.includes(a) || protocol.notPorts?.includes(b)) continue;
      const usual = protocol.ports.includes(service);
      if (usual) made.unshift({ protocol, usual });
      else made.push({ protocol, usual });
    }
    if (!shunned) this.known.set(key, made);
    return made;
  }
}
