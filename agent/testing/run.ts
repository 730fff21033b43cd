import { CaptureEngine, type EngineOptions } from '../engine.ts';
import type { Protocol, SpanFields } from '../l7/protocol.ts';
import { protocols } from '../l7/registry.ts';
import { LinkType } from '../pcap/packet.ts';
import { CaptureReader } from '../pcap/reader.ts';
import { TimeCheck } from '../pcap/time-check.ts';
import type { Session } from '../session/session.ts';
import type { EngineStats } from '../stats.ts';
import type { Seen } from './frames.ts';

/** What a session came to, flat. */
export interface Result {
  readonly protocol: string;
  readonly client: string;
  readonly server: string;
  readonly reason: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly error: string;
  readonly requestSequence: number | undefined;
  readonly responseSequence: number | undefined;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly incomplete: string;
}

class Collected implements SpanFields {
  title = '';
  failure = '';
  readonly attributes: Record<string, string | number | boolean | readonly string[]> = {};

  name(name: string): void {
    this.title = name;
  }

  string(key: string, value: string): void {
    this.attributes[key] = value;
  }

  int(key: string, value: number): void {
    this.attributes[key] = value;
  }

  bool(key: string, value: boolean): void {
    this.attributes[key] = value;
  }

  strings(key: string, values: readonly string[]): void {
    this.attributes[key] = values;
  }

  error(type: string): void {
    this.failure = type;
  }
}

export function resultOf(session: Session, baseSeconds: number, obfuscate = true): Result {
  const ends = session.conversation.ends();
  const out = new Collected();
  const options = {
    client: false,
    endpointSegments: 2,
    serverAddress: ends.serverAddress,
    serverPort: ends.serverPort,
    obfuscate,
  };
  session.protocol.describe(session.request, session.response, options, out);
  const base = BigInt(baseSeconds) * 1_000_000_000n;
  return {
    protocol: session.protocol.name,
    client: `${ends.clientAddress} ${ends.clientPort}`,
    server: `${ends.serverAddress} ${ends.serverPort}`,
    reason: session.reason,
    name: out.title,
    attributes: out.attributes,
    error: out.failure,
    requestSequence: session.request?.sequence,
    responseSequence: session.response?.sequence,
    start: base + BigInt(session.start),
    end: base + BigInt(session.end),
    incomplete: [session.request?.incomplete, session.response?.incomplete].filter(Boolean).join(),
  };
}

export interface Run {
  readonly results: Result[];
  readonly stats: EngineStats;
  readonly engine: CaptureEngine;
}

export interface FileRun extends Run {
  /** Packets whose time was not believed. */
  readonly implausible: number;
}

/** Runs the engine over frames. */
export function runFrames(frames: readonly Seen[], options: Partial<EngineOptions> = {}): Run {
  const results: Result[] = [];
  const engine = new CaptureEngine(
    { protocols: [protocols.http(), protocols.dns()], ...options },
    (session, base) => results.push(resultOf(session, base)),
  );
  for (const { frame, time, wireLength } of frames) {
    engine.packet({
      bytes: frame,
      start: 0,
      length: frame.length,
      wireLength: wireLength ?? frame.length,
      seconds: Number(time / 1_000_000_000n),
      nanos: Number(time % 1_000_000_000n),
      linkType: LinkType.ethernet,
      interfaceId: 0,
    });
  }
  engine.finish();
  return { results, stats: engine.stats(), engine };
}

/** Runs the engine over a capture file in chunks of a size. @throws CaptureFileError */
export function runFile(
  file: Uint8Array,
  chunk = file.length,
  looked: readonly Protocol[] = [protocols.http(), protocols.dns()],
  obfuscate = true,
): FileRun {
  const results: Result[] = [];
  const engine = new CaptureEngine({ protocols: looked }, (session, base) =>
    results.push(resultOf(session, base, obfuscate)),
  );
  const check = new TimeCheck((p) => engine.packet(p));
  const reader = new CaptureReader(check.take);
  for (let at = 0; at < file.length; at += chunk) reader.push(file.subarray(at, at + chunk));
  reader.end();
  check.end();
  engine.finish();
  return { results, stats: engine.stats(), engine, implausible: check.dropped };
}
