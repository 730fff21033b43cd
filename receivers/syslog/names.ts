import { reverse } from 'node:dns/promises';
import type { Clock } from '../../component/settings.ts';

const keptMs = 300_000;
const maxNames = 10_000;

/** Names of addresses, kept for five minutes; an address without a name is its own. */
export class HostNames {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly name: string; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is known now. */
  get(address: string): string | undefined {
    const found = this.#known.get(address);
    return found !== undefined && found.untilMs > this.#clock.monotonicMs()
      ? found.name
      : undefined;
  }

  async find(address: string): Promise<string> {
    const known = this.get(address);
    if (known !== undefined) return known;
    const name = await reverse(address).then(
      ([first]) => first?.replace(/\.$/, '') ?? address,
      () => address,
    );
    if (this.#known.size >= maxNames) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(address, { name, untilMs: this.#clock.monotonicMs() + keptMs });
    return name;
  }
}

/** An IPv4 address in IPv6's clothes as itself. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}
