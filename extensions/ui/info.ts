import type { ProgramInfo } from '../../query/web/contract/program.ts';
import type { WebRoute } from '../../query/web/route.ts';

/** What the page is told first. */
export interface InfoOptions {
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Undefined: no storage is configured. */
  readonly storage: { readonly schema: 'smart' | 'otel'; readonly database: string } | undefined;
  readonly token: string;
}

/** What the page asks first. */
export function infoRoute({ version, now, storage, token }: InfoOptions): WebRoute {
  return {
    method: 'GET',
    path: '/api/v1/info',
    local: true,
    async handle() {
      const nowUnixNano = `${Math.floor(now())}000000`;
      const json: ProgramInfo = { version, nowUnixNano, storage: storage ?? null, token };
      return { json };
    },
  };
}
