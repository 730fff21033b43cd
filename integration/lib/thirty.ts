/** Thirty pipelines under load, whose configuration changes. */
import { once } from 'node:events';
import * as http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export const pipelines = 30;

/**
 * Each pipeline has a receiver, a processor and an exporter of its own. From one version to the
 * next two thirds of the receivers and processors say something else, and some exporters.
 */
export function configuration(
  ports: readonly number[],
  sinks: readonly string[],
  version: number,
): string {
  const ids = Array.from({ length: pipelines }, (_, i) => i);
  const moved = (i: number): boolean => i % 3 === version % 3;
  const lines = (section: string, line: (i: number) => string): string =>
    `${section}:\n${ids.map((i) => `  ${line(i)}`).join('\n')}\n`;
  return [
    lines('receivers', (i) => {
      const size = moved(i) ? 1_000_000 + version : 1_000_000;
      const keys = `endpoint: "127.0.0.1:${ports[i]!}", max_request_body_size: ${size}`;
      return `otlp/${i}: {protocols: {http: {${keys}}}}`;
    }),
    lines('processors', (i) => {
      const value = moved(i) ? version : 0;
      return `attributes/${i}: {actions: [{key: version, value: ${value}, action: upsert}]}`;
    }),
    lines('exporters', (i) => {
      const sink = sinks[(moved(i) ? version : 0) % sinks.length]!;
      const retry = 'retry_on_failure: {initial_interval: 50ms}';
      return `otlp_http/${i}: {endpoint: "${sink}", compression: none, ${retry}}`;
    }),
    'service:\n  telemetry: {metrics: {level: none}}\n  pipelines:\n',
    ids
      .map(
        (i) =>
          `    traces/${i}: {receivers: [otlp/${i}], processors: [attributes/${i}], exporters: [otlp_http/${i}]}`,
      )
      .join('\n'),
  ].join('');
}

function request(id: number): string {
  const spanId = id.toString(16).padStart(16, '0');
  const times = { startTimeUnixNano: '1', endTimeUnixNano: '2' };
  const span = { traceId: '0102030405060708090a0b0c0d0e0f10', spanId, name: 'a', ...times };
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
}

/** Sends until it is told to stop, half of the requests over connections of their own. */
export class Sender {
  readonly accepted: number[] = [];
  readonly faults: string[] = [];
  /** Milliseconds from the request to the end of the answer, and when it was sent. */
  readonly latencies: { readonly at: number; readonly ms: number }[] = [];
  #going = true;
  readonly #kept = new http.Agent({ keepAlive: true });

  async run(port: number, from: number): Promise<void> {
    for (let id = from; this.#going; id += 1) {
      const agent = id % 2 === 0 ? this.#kept : new http.Agent();
      const began = performance.now();
      try {
        await this.#send(port, id, agent);
      } catch (error) {
        this.faults.push(`${id}: ${String(error)}`);
      }
      this.latencies.push({ at: began, ms: performance.now() - began });
      await sleep(5);
    }
  }

  async #send(port: number, id: number, agent: http.Agent): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const options = { host: '127.0.0.1', port, path: '/v1/traces', method: 'POST', headers, agent };
    const sent = http.request(options);
    sent.end(request(id));
    const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    if (response.statusCode === 200) this.accepted.push(id);
    else this.faults.push(`${id}: ${response.statusCode}`);
  }

  stop(): void {
    this.#going = false;
  }

  close(): void {
    this.#kept.destroy();
  }
}
