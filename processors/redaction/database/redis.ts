/*
 * Arguments of Redis commands that hold data replaced by `?`; which they are is in the commands'
 * syntax (https://redis.io/docs/latest/commands/), and what is kept is what
 * github.com/DataDog/datadog-agent/pkg/obfuscate keeps.
 */

/** Puts `?` in place of arguments; may shorten the list. */
type Rule = (args: string[]) => void;

/** Argument `n`, counted from 0. */
const only =
  (n: number): Rule =>
  (args) => {
    if (args.length > n) args[n] = '?';
  };

/** One `?` for argument `n` and all behind. */
const rest =
  (n: number): Rule =>
  (args) => {
    if (args.length > n) args.splice(n, args.length, '?');
  };

/** The last of each `step` arguments from `start` on. */
const every =
  (start: number, step: number): Rule =>
  (args) => {
    for (let i = start + step - 1; i < args.length; i += step) args[i] = '?';
  };

const ruleLists: readonly (readonly [commands: string, rule: Rule])[] = [
  ['AUTH', rest(0)],
  ['APPEND GETSET LPUSHX GEORADIUSBYMEMBER RPUSHX SET SETNX SISMEMBER', only(1)],
  ['ZRANK ZREVRANK ZSCORE', only(1)],
  ['HSETNX LREM LSET SETBIT SETEX PSETEX SETRANGE ZINCRBY SMOVE RESTORE', only(2)],
  ['LINSERT', only(3)],
  ['GEOHASH GEOPOS GEODIST LPUSH RPUSH SREM ZREM SADD', rest(1)],
  ['GEOADD', every(1, 3)],
  ['HSET HMSET', every(1, 2)],
  ['MSET MSETNX', every(0, 2)],
  [
    'CONFIG',
    (args) => {
      if (args[0]!.toUpperCase() === 'SET') only(2)(args);
    },
  ],
  [
    'BITFIELD',
    (args) => {
      let set = 0;
      for (let i = 0; i < args.length; i += 1) {
        if (args[i]!.toUpperCase() === 'SET') set = i;
        if (set > 0 && i - set === 3) {
          args[i] = '?';
          return;
        }
      }
    },
  ],
  [
    'ZADD',
    (args) => {
      const options = ['NX', 'XX', 'CH', 'INCR'];
      const found = args.findIndex((arg, i) => i > 0 && !options.includes(arg));
      every(found < 0 ? args.length - 1 : found, 2)(args);
    },
  ],
];

const rules: ReadonlyMap<string, Rule> = new Map(
  ruleLists.flatMap(([commands, rule]) => commands.split(' ').map((name) => [name, rule] as const)),
);

function maskCommand(words: readonly string[]): string {
  const [command = '', ...args] = words;
  if (args.length === 0) return command;
  rules.get(command.toUpperCase())?.(args);
  return `${command} ${args.join(' ')}`;
}

/** Words of the commands, a command a line; quotes keep spaces and line ends together. */
function commandsOf(text: string): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  let i = 0;
  const endLine = (): void => {
    if (words.length > 0) commands.push(words);
    words = [];
    i += 1;
  };
  while (i < text.length) {
    const char = text[i]!;
    if (char === '\n') endLine();
    else if (char === ' ' || (words.length > 0 && (char === '\t' || char === '\r'))) i += 1;
    else {
      const end = words.length === 0 ? commandEnd(text, i) : argumentEnd(text, i);
      words.push(text.slice(i, end));
      i = end;
    }
  }
  if (words.length > 0) commands.push(words);
  return commands;
}

function commandEnd(text: string, at: number): number {
  let i = at;
  while (i < text.length && text[i] !== ' ' && text[i] !== '\n') i += 1;
  return i;
}

function argumentEnd(text: string, at: number): number {
  let inQuotes = false;
  let escaped = false;
  for (let i = at; i < text.length; i += 1) {
    const char = text[i]!;
    if (!inQuotes && (char === ' ' || char === '\n')) return i;
    if (char === '"' && !escaped) inQuotes = !inQuotes;
    escaped = char === '\\' && !escaped;
  }
  return text.length;
}

/** Redis commands, one a line, with `?` in place of data. */
export function maskRedis(text: string): string {
  return commandsOf(text.trim()).map(maskCommand).join('\n');
}

/** A memcached command without the data behind its first line. */
export function maskMemcached(text: string): string {
  return text.split('\r\n', 1)[0]!.trim();
}
