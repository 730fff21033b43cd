import { isSecretName, REDACTED, redactQuery } from '../l7/obfuscate.ts';
import { baseName, cleanText } from './text.ts';

/** Characters of a command line that are kept. */
const LIMIT = 4096;

/** Options whose names tell that a secret follows; others are known by their programs. */
const secretOption = /^--?[A-Za-z][\w.-]*$/;

/** Short options that take a secret, by program. */
const shortOptions: readonly (readonly [program: RegExp, options: string])[] = [
  [/^(mysql|mariadb|mytop)/, 'p'],
  [/^(redis-cli|valkey-cli|keydb-cli)$/, 'a'],
  [/^mongo/, 'p'],
  [/^sshpass$/, 'p'],
  [/^(curl|wget)$/, 'uU'],
  [/^(ldapsearch|ldapadd|ldapmodify|ldapdelete)$/, 'w'],
  [/^(snmpget|snmpwalk|snmpset)$/, 'AXc'],
  [/^(sqlcmd|bcp|impala-shell)$/, 'P'],
  [/^(docker|podman|nerdctl)$/, 'p'],
];
/** Of these, `-p x` without joining is something else (a database, a published port). */
const joinedOnly = /^(mysql|mariadb|mytop|docker|podman|nerdctl)/;

const wellKnownToken =
  /\b(?:eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|sk-[\w-]{20,}|AIza[\w-]{30,})/g;
const urlUser = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]*@/gi;
const header = /^([\w-]+):\s*(\S.*)$/;

/**
 * A command line as one text, with what may be a secret replaced by `REDACTED`: values of options,
 * variables, headers and query parameters whose names suggest one, user information in URLs,
 * tokens of well-known forms, and the options that carry passwords in well-known programs.
 * A secret that is a plain argument cannot be recognised and stays.
 */
export function redactCommandLine(args: readonly string[]): string {
  const program = baseName(args[0] ?? '');
  const short = shortOptions.find(([pattern]) => pattern.test(program))?.[1] ?? '';
  const out: string[] = [];
  let nextIsSecret = false;
  let length = 0;
  for (const whole of args) {
    const arg = whole.slice(0, 2 * LIMIT);
    const plain = nextIsSecret && !arg.startsWith('--') ? REDACTED : redactArgument(arg, short);
    nextIsSecret = announcesSecret(arg, short, program);
    const text = cleanText(plain, LIMIT);
    out.push(text.includes(' ') || text === '' ? JSON.stringify(text) : text);
    length += text.length + 1;
    if (length > LIMIT) break;
  }
  return cleanText(out.join(' '), LIMIT);
}

function announcesSecret(arg: string, short: string, program: string): boolean {
  if (/^-[A-Za-z]$/.test(arg)) return short.includes(arg[1]!) && !joinedOnly.test(program);
  return secretOption.test(arg) && isSecretOption(arg.replace(/^-+/, ''));
}

/** Names of options: some that are secret in a query are plain words here. */
function isSecretOption(name: string): boolean {
  const harmless =
    /^(key|code|state|pin|sid|nonce|session)$/i.test(name) || /file$|path$/i.test(name);
  return !harmless && name.split('.').some((part) => isSecretName(part));
}

function redactArgument(arg: string, short: string): string {
  if (short !== '' && /^-[A-Za-z]./.test(arg) && short.includes(arg[1]!)) {
    return arg.slice(0, 2) + REDACTED;
  }
  const equals = arg.indexOf('=');
  if (equals > 0) {
    const name = arg.slice(0, equals).replace(/^-+D?/, '');
    if (/^[\w.-]+$/.test(name) && isSecretOption(name)) return arg.slice(0, equals + 1) + REDACTED;
  }
  const field = header.exec(arg);
  if (field !== null && (isSecretName(field[1]!) || /^cookie$/i.test(field[1]!))) {
    return `${field[1]}: ${REDACTED}`;
  }
  return redactText(arg);
}

function redactText(text: string): string {
  let out = text.replace(urlUser, `$1${REDACTED}@`).replace(wellKnownToken, REDACTED);
  out = out.replace(/\?([^\s#'"]+)/g, (_, query: string) => `?${redactQuery(query)}`);
  // Text within text: a script for a shell, JSON, a connection string.
  out = out.replace(
    /(["']?)([\w.-]{2,64})\1(\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&}"']+)/g,
    (all, quote: string, name: string, sign: string, value: string) =>
      value !== REDACTED && !value.startsWith('//') && isSecretOption(name)
        ? `${quote}${name}${quote}${sign}${REDACTED}`
        : all,
  );
  return out.replace(/(--?[\w-]*(?:passw|token|secret)[\w-]*\s+)[^\s-]\S*/gi, `$1${REDACTED}`);
}
