import type { Json } from '../json.ts';
import type { Ask, World } from '../world.ts';

/** How the metadata service of EC2 is asked. */
export interface Attempts {
  readonly count: number;
  /** Longest wait before another attempt, in ms. */
  readonly maxBackoffMs: number;
}

/** One attempt. */
export const once: Attempts = { count: 1, maxBackoffMs: 0 };

/** The metadata service of EC2 instances, its second version where that is there. */
export class InstanceMetadata {
  readonly #world: World;
  readonly #base: string;
  readonly #attempts: Attempts;
  #headers: Readonly<Record<string, string>> | undefined;

  constructor(world: World, attempts: Attempts) {
    this.#world = world;
    this.#attempts = attempts;
    const isIpv6 = world.env('AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE')?.toLowerCase() === 'ipv6';
    const standard = isIpv6 ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254';
    const base = world.env('AWS_EC2_METADATA_SERVICE_ENDPOINT') || standard;
    this.#base = base.replace(/\/+$/, '');
  }

  async #fetch(ask: Ask): Promise<{ readonly status: number; readonly body: string }> {
    const { count, maxBackoffMs } = this.#attempts;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#world
        .fetch({ ...ask, timeoutMs: 1000 })
        .catch((error: Error) => error);
      const failed = answer instanceof Error || answer.status >= 500 || answer.status === 429;
      if (!failed) return answer;
      if (count > 0 && attempt >= count) {
        if (answer instanceof Error) throw answer;
        return answer;
      }
      await this.#world.wait(Math.min(maxBackoffMs, 2 ** attempt * 250));
    }
  }

  async #token(): Promise<Readonly<Record<string, string>>> {
    if (this.#headers !== undefined) return this.#headers;
    const { status, body } = await this.#fetch({
      url: `${this.#base}/latest/api/token`,
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' },
    });
    if (status === 400) throw new Error('cannot get a token for instance metadata: status 400');
    const headers: Readonly<Record<string, string>> =
      status === 200 ? { 'x-aws-ec2-metadata-token': body } : {};
    this.#headers = headers;
    return headers;
  }

  async text(path: string): Promise<string> {
    if (this.#world.env('AWS_EC2_METADATA_DISABLED')?.toLowerCase() === 'true') {
      throw new Error('cannot read instance metadata: AWS_EC2_METADATA_DISABLED is true');
    }
    const headers = await this.#token();
    const url = `${this.#base}/latest/${path}`;
    const { status, body } = await this.#fetch({ url, headers });
    if (status === 200) return body;
    throw new Error(`cannot read ${url}: status ${status}`);
  }

  async identity(): Promise<Json> {
    return JSON.parse(await this.text('dynamic/instance-identity/document')) as Json;
  }
}
