import { createHash, createHmac } from 'node:crypto';
import type { Config, HashName } from './config.ts';

const algorithms: Readonly<Record<HashName, string>> = {
  '': '',
  sha1: 'sha1',
  sha3: 'sha3-256',
  md5: 'md5',
  'hmac-sha256': 'sha256',
  'hmac-sha512': 'sha512',
};

/** What stands for a text that is masked: a fixed text, or a hash in hexadecimal. */
export function maskOf({ hash_function: name, hmac_key: key }: Config): (text: string) => string {
  const algorithm = algorithms[name];
  if (algorithm === '') return () => '****';
  if (!name.startsWith('hmac-')) {
    return (text) => createHash(algorithm).update(text).digest('hex');
  }
  const bytes = key!.reveal();
  return (text) => createHmac(algorithm, bytes).update(text).digest('hex');
}
