import type { ClientInfo } from '../../component/consumer.ts';
import type { KafkaExporterConfig } from './config.ts';

/** Headers of records; a name may be there several times, so names are objects. */
export type RecordHeaders = Map<Buffer, Buffer>;

/** The configured headers, then those of the client's metadata; undefined = none. */
export function headersOf(
  config: Pick<KafkaExporterConfig, 'record_headers' | 'include_metadata_keys'>,
  client: ClientInfo | undefined,
): RecordHeaders | undefined {
  const headers: RecordHeaders = new Map();
  for (const { name, value } of config.record_headers) {
    headers.set(Buffer.from(name), Buffer.from(value.reveal()));
  }
  for (const key of config.include_metadata_keys) {
    for (const value of metadataOf(client, key)) headers.set(Buffer.from(key), Buffer.from(value));
  }
  return headers.size === 0 ? undefined : headers;
}

/** Values of a key of the client's metadata, whose names are in lower case. */
export function metadataOf(client: ClientInfo | undefined, key: string): readonly string[] {
  return client?.metadata.get(key.toLowerCase()) ?? client?.metadata.get(key) ?? [];
}
