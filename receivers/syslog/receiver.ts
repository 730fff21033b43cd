import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { planPipeline } from '../../stanza/pipeline.ts';
import { Intake } from '../../stanza/receiver/intake.ts';
import type { SyslogReceiverConfig } from './config.ts';
import { Messages } from './message.ts';
import { TcpListener } from './tcp.ts';
import { UdpListener } from './udp.ts';

/** Receives syslog messages and hands on their parts. */
export class SyslogReceiver implements Component {
  readonly tcp: TcpListener | undefined;
  readonly udp: UdpListener | undefined;
  readonly #settings: Settings;
  readonly #config: SyslogReceiverConfig;
  readonly #intake: Intake;

  constructor(settings: Settings, config: SyslogReceiverConfig, next: Consumer<'logs'>) {
    this.#settings = settings;
    this.#config = config;
    // The parser stands before the configured operators; without them it is all there is.
    const parser = planPipeline([parserSection(config)]).steps[0]!;
    const [first] = config.operators.steps;
    const outputIds = first === undefined ? parser.outputIds : [first.id];
    const operators = { steps: [{ ...parser, outputIds }, ...config.operators.steps] };
    this.#intake = new Intake(settings, { ...config, operators }, next);
    const messages = new Messages(settings, config, this.#intake);
    const { tcp, udp, enable_octet_counting: counted } = config;
    if (tcp) this.tcp = new TcpListener(settings, tcp, counted, messages, this.#intake);
    if (udp) this.udp = new UdpListener(settings, udp, messages, this.#intake);
  }

  async start(): Promise<void> {
    const { storage: id } = this.#config;
    if (id !== undefined && this.#settings.host.extension(id) === undefined) {
      throw new Error(`cannot use storage ${JSON.stringify(id)}: no such extension is started`);
    }
    await this.tcp?.start();
    await this.udp?.start();
  }

  async shutdown(): Promise<void> {
    await Promise.all([this.tcp?.stop(), this.udp?.stop()]);
    await this.#intake.stop();
  }
}

/** The section of the parser operator that the receiver's keys amount to. */
function parserSection(config: SyslogReceiverConfig): Record<string, unknown> {
  return {
    type: 'syslog_parser',
    id: '\0parser',
    protocol: config.protocol,
    location: config.location,
    enable_octet_counting: config.enable_octet_counting,
    allow_skip_pri_header: config.allow_skip_pri_header,
    non_transparent_framing_trailer: config.non_transparent_framing_trailer,
    max_octets: config.max_octets,
    on_error: config.on_error === '' ? 'send' : config.on_error,
  };
}
