import type { ClientInfo } from '../../component/consumer.ts';
import type { ClientAuth, HeaderChanges } from '../../component/extension.ts';
import { askCredentials } from '../../config/groups/auth.ts';
import { encodeFields } from '../../wire/grpc/http2/hpack-encoder.ts';

const none: ReadonlyMap<string, string> = new Map();

/** The credentials of calls, as header fields that are ready to send. */
export class Credentials {
  readonly #auth: ClientAuth;
  #last: HeaderChanges | undefined;
  #encoded: Buffer | undefined;

  constructor(auth: ClientAuth) {
    this.#auth = auth;
  }

  /** @throws PipelineError, retryable, when there are none now */
  fields(client: ClientInfo | undefined): Buffer | undefined | Promise<Buffer | undefined> {
    const changes = askCredentials(this.#auth, { headers: none, client });
    if (!(changes instanceof Promise)) return this.#encode(changes);
    return changes.then((found) => this.#encode(found));
  }

  #encode(changes: HeaderChanges): Buffer | undefined {
    if (changes === this.#last) return this.#encoded;
    const fields = changes.flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    this.#last = changes;
    this.#encoded = fields.length === 0 ? undefined : encodeFields(fields);
    return this.#encoded;
  }
}
