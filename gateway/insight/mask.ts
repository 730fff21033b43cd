/** What stands for a value that is not shown. */
const masked = '[REDACTED]';

/** Longest text that is shown, characters. */
const maxText = 2048;

/** Parts of a key, between other characters than letters and digits, that make it a secret. */
const secretWords: ReadonlySet<string> = new Set([
  'accesskey',
  'apikey',
  'auth',
  'authorization',
  'bearer',
  'cookie',
  'cookies',
  'credential',
  'credentials',
  'jwt',
  'passphrase',
  'passwd',
  'password',
  'privatekey',
  'pwd',
  'secret',
  'secretkey',
  'secrets',
  'sessionid',
  'signature',
  'token',
]);

/** Masks secrets in OTLP/JSON; one for each sample. */
export class Mask {
  /** Values that were masked. */
  count = 0;
  readonly #more: readonly RegExp[];

  /** @param more keys beside those that look like secrets, in any case; `*` = anything */
  constructor(more: readonly string[]) {
    this.#more = more.map(globPattern);
  }

  /**
   * A copy without secrets: values of attributes (also inside maps) whose keys look like secrets,
   * credentials and passwords inside texts; long texts are cut.
   * @param value parsed OTLP/JSON
   */
  apply(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (Array.isArray(value)) return value.map((item) => this.apply(item));
    if (typeof value !== 'object' || value === null) return value;
    const given = value as Readonly<Record<string, unknown>>;
    if (typeof given.key === 'string' && 'value' in given && this.#isSecret(given.key)) {
      this.count++;
      return { key: given.key, value: { stringValue: masked } };
    }
    const out: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(given)) out[key] = this.apply(inner);
    return out;
  }

  #isSecret(key: string): boolean {
    return looksSecret(key) || this.#more.some((pattern) => pattern.test(key));
  }

  #text(text: string): string {
    const { shown, masked: some } = cutMasked(text, maxText, maskText);
    if (some) this.count++;
    return shown;
  }
}

/** Whether an attribute key says that its value is a secret: `http.request.header.x-api-key`. */
export function looksSecret(key: string): boolean {
  const words = key
    .slice(0, 1000)
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word, i) => {
    return secretWords.has(word) || secretWords.has(`${word}${words[i + 1] ?? ''}`);
  });
}

/** How names end whose values are secrets. */
const secretName = '(?:passw(?:or)?d|secret|token|api[_-]?key|access[_-]?key|signature)';

/** What inside a text is a secret, with what of it stays. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic)\s+[\w+/=.~-]{8,}/gi, `$1 ${masked}`],
  [/\beyJ[\w-]{10,}\.[\w-]+\.[\w-]*/g, masked],
  [new RegExp(`(${secretName}["']?\\s*[=:]\\s*)("[^"]*"|'[^']*'|[^\\s&,;}"']+)`, 'gi'), ''],
];

/** Up to the last `@` of the address: it may be in the password, too. */
const passwords = /(:\/\/[^\s/:@?#]*:)[^\s/?#]+@/g;

/** A text without the passwords of addresses in it. */
export function maskAddresses(text: string): string {
  return text.replace(passwords, `$1${masked}@`);
}

/**
 * The beginning of a text without its secrets.
 * @param most characters that are shown; more of the text is looked at, as a secret may be cut
 * @param mask {@link maskText} or {@link maskAddresses}
 */
export function cutMasked(
  text: string,
  most: number,
  mask: (text: string) => string,
): { readonly shown: string; readonly masked: boolean } {
  const seen = text.slice(0, most * 2);
  const clean = mask(seen);
  const whole = clean.length <= most && seen.length === text.length;
  return { shown: whole ? clean : `${clean.slice(0, most)}…`, masked: clean !== seen };
}

/** A text without passwords in addresses, credentials, tokens, and `password=...`. */
export function maskText(text: string): string {
  let out = maskAddresses(text);
  for (const [pattern, kept] of patterns) {
    if (kept !== '') out = out.replace(pattern, kept);
    else out = out.replace(pattern, (_all, name: string) => `${name}${masked}`);
  }
  return out;
}

function globPattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i');
}
