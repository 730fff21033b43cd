import type {
  ClientAuth,
  Extension,
  HeaderChanges,
  OutgoingRequest,
} from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { clientAuth } from '../../config/groups/auth.ts';
import { type WatchedValue, watchValue } from '../../config/groups/watched-value.ts';
import type { HeaderConfig, HeadersSetterConfig } from './config.ts';
import { fromAttribute, fromContext, type Source } from './sources.ts';

/** One header with its source opened. */
interface Setter {
  readonly action: string;
  readonly key: string;
  readonly source: Source | undefined;
}

/** What a request's headers are after changes; undefined = taken away. */
class Overlay {
  readonly #given: ReadonlyMap<string, string>;
  readonly #changed = new Map<string, string | undefined>();

  constructor(given: ReadonlyMap<string, string>) {
    this.#given = given;
  }

  apply({ action, key, source }: Setter, client: OutgoingRequest['client']): void {
    const now = this.#changed.has(key) ? this.#changed.get(key) : this.#given.get(key);
    const there = now !== undefined && now !== '';
    if (action === 'delete') this.#changed.set(key, undefined);
    else if (action === 'insert' ? !there : action !== 'update' || there) {
      this.#changed.set(key, source?.(client) ?? '');
    }
  }

  set(name: string, value: string | undefined): void {
    this.#changed.set(name, value);
  }

  changes(): HeaderChanges {
    return [...this.#changed];
  }
}

/** Sets headers of requests from fixed values, files, or what is known of the client. */
export function createHeadersSetter(settings: Settings, config: HeadersSetterConfig): Extension {
  const files: WatchedValue[] = [];
  let setters: readonly Setter[] = [];
  let constant: HeaderChanges | undefined;

  async function open(header: HeaderConfig): Promise<Setter> {
    const { action, key } = header;
    if (action === '') {
      settings.logger.warn(
        "The action was not provided, using 'upsert'. In future versions, we'll require this to be explicitly set",
      );
    }
    return { action, key: key.toLowerCase(), source: await openSource(header) };
  }

  async function openSource(header: HeaderConfig): Promise<Source | undefined> {
    const { value, value_file: path, from_attribute: attribute, from_context: key } = header;
    const fallback = header.default_value?.reveal() ?? '';
    if (value !== undefined) return () => value;
    if (path !== undefined) {
      const file = await watchValue(path, settings, () => {
        constant = undefined;
      });
      files.push(file);
      return () => file.value;
    }
    if (attribute !== undefined) return fromAttribute(attribute, fallback);
    return key === undefined ? undefined : fromContext(key, fallback);
  }

  /** Found when it is asked: extensions start in any order. */
  function additional(): ClientAuth | undefined {
    const { additional_auth: id } = config;
    return clientAuth(settings.host, id === undefined ? undefined : { authenticator: id });
  }

  const dynamic = config.headers.some((h) => h.from_context ?? h.from_attribute);
  const relative = config.headers.some(({ action }) => action === 'insert' || action === 'update');

  function own(request: OutgoingRequest): HeaderChanges {
    if (constant !== undefined) return constant;
    const overlay = new Overlay(request.headers);
    for (const setter of setters) overlay.apply(setter, request.client);
    const changes = overlay.changes();
    if (!dynamic && !relative) constant = changes;
    return changes;
  }

  function both(first: HeaderChanges, second: HeaderChanges): HeaderChanges {
    const overlay = new Overlay(new Map());
    for (const [name, value] of [...first, ...second]) overlay.set(name, value);
    return overlay.changes();
  }

  return {
    capabilities: {
      clientAuth: {
        get needsTls() {
          return additional()?.needsTls ?? false;
        },
        headers(request) {
          const changes = own(request);
          const more = additional()?.headers(request);
          if (more === undefined) return changes;
          if (more instanceof Promise) return more.then((found) => both(changes, found));
          return both(changes, more);
        },
      },
    },
    async start() {
      setters = await Promise.all(config.headers.map(open));
    },
    async shutdown() {
      for (const file of files.splice(0)) file.close();
    },
  };
}
