/** Exporter and receiver against a broker that wants TLS and a password. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { background } from '../component/consumer.ts';
import { parseJson, toJson } from '../pdata/json.ts';
import { until } from '../testing/until.ts';
import { Authority } from './lib/certificates.ts';
import { KafkaBroker, kafkaObstacle } from './lib/kafka.ts';
import { exporting, receiving } from './lib/kafka-parts.ts';
import { scratch } from './lib/program.ts';

const obstacle = kafkaObstacle();

it('kafka: speaks TLS and SASL', { skip: obstacle !== '' && obstacle }, async (t) => {
  const folder = scratch();
  const authority = new Authority(folder.path);
  const { cert, key } = authority.issue('broker');
  const store = join(folder.path, 'store.pem');
  writeFileSync(store, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'));
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  const users = 'username="admin" password="a" user_admin="a" user_me="secret"';
  const broker = await KafkaBroker.start(
    [
      'ssl.keystore.type=PEM',
      `ssl.keystore.location=${store}`,
      'ssl.truststore.type=PEM',
      `ssl.truststore.location=${authority.file}`,
      'sasl.enabled.mechanisms=PLAIN',
      'sasl.mechanism.inter.broker.protocol=PLAIN',
      `listener.name.sasl_ssl.plain.sasl.jaas.config=${plain} ${users};`,
    ],
    'SASL_SSL',
  );
  t.after(async () => {
    await broker.remove();
    folder.remove();
  });
  const client = (password: string) => ({
    tls: { ca_file: authority.file },
    auth: { sasl: { username: 'me', password, mechanism: 'PLAIN' } },
    metadata: { retry: { max: 0, backoff: '50ms' } },
  });
  const record = { logRecords: [{ body: { stringValue: 'x' } }] };
  const json = JSON.stringify({ resourceLogs: [{ scopeLogs: [record] }] });
  const batch = parseJson('logs', Buffer.from(json));

  const wrong = await exporting(t, broker.address, 'logs', client('guess'));
  await assert.rejects(wrong.consume(batch, background), /uthentication/);
  const bare = await exporting(t, broker.address, 'logs', { ...client('secret'), tls: undefined });
  await assert.rejects(bare.consume(batch, background));
  const unknown = await exporting(t, broker.address, 'logs', { ...client('secret'), tls: {} });
  await assert.rejects(unknown.consume(batch, background), /certificate|issuer/);

  const out = await exporting(t, broker.address, 'logs', {
    ...client('secret'),
    metadata: { retry: { max: 3, backoff: '100ms' } },
  });
  await out.consume(batch, background);
  const sink = await receiving(t, broker.address, 'logs', client('secret'));
  await until(() => sink.items > 0, 'the record');
  assert.equal(toJson(sink.batches[0]!), toJson(batch));
});
