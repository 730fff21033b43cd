import { request } from 'node:http';
import { literal } from './lexer.ts';

interface EngineAddress {
  readonly url: string;
  readonly socketPath?: string | undefined;
  readonly username: string;
  readonly password: string;
}

/** Ends a statement by KILL QUERY ... SYNC. Rejects when the engine does not answer in time. */
export function killQuery(engine: EngineAddress, queryId: string, limitMs: number): Promise<void> {
  const target =
    engine.socketPath === undefined
      ? { host: new URL(engine.url).hostname, port: new URL(engine.url).port }
      : { socketPath: engine.socketPath };
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...target,
        method: 'POST',
        path: '/',
        agent: false,
        headers: {
          'X-ClickHouse-User': engine.username,
          'X-ClickHouse-Key': engine.password,
        },
      },
      (response) => {
        response.resume();
        response.once('error', reject);
        response.once('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`status ${response.statusCode}`));
        });
      },
    );
    sent.setTimeout(limitMs, () => sent.destroy(new Error(`no answer in ${limitMs} ms`)));
    sent.once('error', reject);
    sent.end(`KILL QUERY WHERE query_id = ${literal(queryId)} SYNC`);
  });
}
