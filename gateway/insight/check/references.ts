import type { Provider, Providers } from '../../../config/confmap/index.ts';
import { envProvider } from '../../../config/confmap/providers.ts';

/*
 * What a reference of a checked text is replaced by: a word that names it, so that a message that
 * quotes the value can be told from others, and shows the reference.
 */
const prefix = 'WIRESTITCHREF';
const pattern = new RegExp(`${prefix}([0-9a-f]+)X`, 'g');

/** Stands where a secret of the running configuration is not shown. */
const masked = '[REDACTED]';

/** @param reference as written: `${env:NAME}` */
function placeholder(reference: string): string {
  return `${prefix}${Buffer.from(reference).toString('hex')}X`;
}

/** Whether a text has a value in it that is known only where the program is started. */
export function isUnknown(text: string): boolean {
  return text.includes(prefix) || text.includes(masked);
}

/** A message as the user wrote its values. */
export function showReferences(text: string): string {
  return text.replaceAll(pattern, (_all, hex: string) => Buffer.from(hex, 'hex').toString());
}

/** Providers that read nothing: references become placeholders, but for defaults of variables. */
export function blindProviders(text: string, name: string): Providers {
  const checked = envProvider({});
  const env: Provider = async (opaque) => {
    const got = await checked(opaque);
    if (opaque.includes(':-')) return got;
    return { text: placeholder(`\${env:${opaque}}`), name: got.name };
  };
  const blind = (scheme: string): Provider => {
    return async (opaque) => ({ text: placeholder(`\${${scheme}:${opaque}}`), name: scheme });
  };
  let isRead = false;
  const page: Provider = async () => {
    if (isRead) throw new Error('a configuration cannot contain itself');
    isRead = true;
    return { text, name, located: true };
  };
  return new Map([
    ['env', env],
    ['yaml', async (inner: string) => ({ text: inner, name: 'yaml' })],
    ['file', blind('file')],
    ['http', blind('http')],
    ['https', blind('https')],
    ['page', page],
  ]);
}
