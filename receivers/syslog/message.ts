import type { Settings } from '../../component/settings.ts';
import { unixNs } from '../../component/unix-ns.ts';
import { Entry } from '../../stanza/entry/entry.ts';
import type { Intake } from '../../stanza/receiver/intake.ts';
import type { SyslogReceiverConfig } from './config.ts';

/** Attributes that say where messages came from, by name. */
export type Origin = ReadonlyMap<string, string>;

const none: Origin = new Map();

/** The ends of a connection as attributes. */
export function originOf(
  transport: 'IP.TCP' | 'IP.UDP',
  peer: { readonly ip: string; readonly port: number; readonly name: string },
  host: { readonly ip: string; readonly port: number; readonly name: string },
): Origin {
  return new Map([
    ['net.transport', transport],
    ['net.peer.ip', peer.ip],
    ['net.peer.port', String(peer.port)],
    ['net.peer.name', peer.name],
    ['net.host.ip', host.ip],
    ['net.host.port', String(host.port)],
    ['net.host.name', host.name],
  ]);
}

/** Makes entries of messages and hands them to the parser. */
export class Messages {
  readonly #settings: Settings;
  readonly #config: SyslogReceiverConfig;
  readonly #intake: Intake;
  #entries: Entry[] = [];
  #bytes = 0;

  constructor(settings: Settings, config: SyslogReceiverConfig, intake: Intake) {
    this.#settings = settings;
    this.#config = config;
    this.#intake = intake;
  }

  /** One message; nothing happens before `end`. @param bytes that it took */
  add(text: string, bytes: number, origin: Origin | undefined): void {
    const entry = new Entry(unixNs(this.#settings.clock));
    entry.body = text;
    try {
      this.#config.attributes.add(entry);
      this.#config.resource.add(entry);
    } catch (error) {
      this.#settings.logger.error('Failed to create entry', { error: (error as Error).message });
      return;
    }
    if (origin !== undefined) {
      entry.attributes ??= new Map();
      for (const [key, value] of origin ?? none) entry.attributes.set(key, value);
    }
    this.#entries.push(entry);
    this.#bytes += bytes;
  }

  /** Hands on what was added. @returns false when there was no memory for it */
  end(): boolean {
    if (this.#entries.length === 0) return true;
    const entries = this.#entries;
    const bytes = this.#bytes;
    this.#entries = [];
    this.#bytes = 0;
    if (this.#intake.take(entries, bytes)) return true;
    this.#settings.ledger.dropped('memory', entries.length);
    this.#settings.logger.error('No memory for messages, they are dropped', {
      dropped_items: entries.length,
    });
    return false;
  }
}
