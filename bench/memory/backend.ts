import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Traces } from '../../pdata/batch.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { SpanField, SpanReader } from '../../pdata/readers.ts';

/** An OTLP/HTTP backend that takes so many bytes a second and remembers what came. */
export interface SlowBackend {
  readonly port: number;
  bytesPerSecond: number;
  readonly bytes: number;
  /** Spans that came, by request number; doubles count. */
  readonly spans: ReadonlyMap<number, number>;
  close(): void;
}

export async function slowBackend(bytesPerSecond: number): Promise<SlowBackend> {
  const spans = new Map<number, number>();
  let bytes = 0;
  let freeAtMs = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      count(parseRequest('traces', body), spans);
      bytes += body.length;
      const now = performance.now();
      freeAtMs = Math.max(now, freeAtMs) + (body.length / backend.bytesPerSecond) * 1000;
      setTimeout(() => {
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      }, freeAtMs - now);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const backend = {
    port,
    bytesPerSecond,
    spans,
    get bytes() {
      return bytes;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return backend;
}

function count(batch: Traces, spans: Map<number, number>): void {
  const reader = new SpanReader(batch);
  while (reader.nextAnyItem()) {
    if (!reader.item.findField(SpanField.spanId)) continue;
    const { bytes, start } = reader.item.value;
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(start);
    spans.set(number, (spans.get(number) ?? 0) + 1);
  }
}
