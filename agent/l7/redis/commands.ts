/**
 * Commands and what of their arguments is shown: `k` a key or another name, `?` a value; the last
 * group is repeated. Keys, fields, channels and options are shown, values, members and scripts are
 * not (https://redis.io/docs/latest/commands/).
 */
const PATTERNS: Readonly<Record<string, string>> = {
  // A key, then values.
  'k(?)':
    'APPEND BITCOUNT BITFIELD BITFIELD_RO BITPOS DECR DECRBY DUMP EXPIRE EXPIREAT EXPIRETIME GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GET GETBIT GETDEL GETEX GETRANGE GETSET HGETALL HKEYS HLEN HRANDFIELD HSCAN HVALS INCR INCRBY INCRBYFLOAT LINDEX LINSERT LLEN LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM MOVE PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD PSETEX PTTL PUBLISH RESTORE RPOP RPUSH RPUSHX SADD SCARD SET SETBIT SETEX SETNX SETRANGE SISMEMBER SMEMBERS SMISMEMBER SORT SORT_RO SPOP SPUBLISH SRANDMEMBER SREM SSCAN STRLEN SUBSTR TTL TYPE XACK XADD XAUTOCLAIM XCLAIM XDEL XLEN XPENDING XRANGE XREVRANGE XSETID XTRIM ZADD ZCARD ZCOUNT ZINCRBY ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE',
  // Keys or names alone.
  '(k)':
    'BITOP BRPOPLPUSH COPY DEL EXISTS GEOSEARCHSTORE LCS LMOVE MGET PFCOUNT PFMERGE PSUBSCRIBE PUNSUBSCRIBE RENAME RENAMENX RPOPLPUSH SDIFF SDIFFSTORE SELECT SINTER SINTERSTORE SSUBSCRIBE SUBSCRIBE SUNION SUNIONSTORE SUNSUBSCRIBE SWAPDB TOUCH UNLINK UNSUBSCRIBE WATCH ZDIFFSTORE ZINTERSTORE ZRANGESTORE ZUNIONSTORE BLPOP BRPOP BZPOPMAX BZPOPMIN BLMOVE XREAD XREADGROUP ZDIFF ZINTER ZINTERCARD ZUNION SINTERCARD LMPOP BLMPOP ZMPOP BZMPOP WAIT WAITAOF SCAN KEYS READONLY READWRITE ASKING',
  '(k?)': 'MSET MSETNX',
  // A hash and its fields.
  'k(k?)': 'HSET HMSET HSETNX HINCRBY HINCRBYFLOAT',
  '(k) ': 'HGET HMGET HDEL HEXISTS HSTRLEN HTTL HPTTL HPERSIST',
  'kk(?)': 'SMOVE',
  '?n': 'EVAL EVAL_RO',
  kn: 'EVALSHA EVALSHA_RO FCALL FCALL_RO',
  // A subcommand, then names.
  '(k)  ':
    'ACL CLIENT CLUSTER COMMAND CONFIG DEBUG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SLOWLOG XGROUP XINFO',
  // Values alone, or nothing.
  '(?)':
    'AUTH BGREWRITEAOF BGSAVE DBSIZE DISCARD ECHO EXEC FAILOVER FLUSHALL FLUSHDB HELLO INFO LASTSAVE LOLWUT MIGRATE MONITOR MULTI PFDEBUG PFSELFTEST PING PSYNC QUIT RANDOMKEY REPLCONF REPLICAOF RESET ROLE SAVE SHUTDOWN SLAVEOF SYNC TIME UNWATCH',
};

const SHOWN: ReadonlyMap<string, string> = new Map(
  Object.entries(PATTERNS).flatMap(([pattern, names]) =>
    names.split(' ').map((name): [string, string] => [name, pattern.trim()]),
  ),
);

/** Commands whose second word says what they do. */
const CONTAINERS = new Set(
  'ACL CLIENT CLUSTER COMMAND CONFIG DEBUG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SLOWLOG XGROUP XINFO'.split(
    ' ',
  ),
);

/** Subcommands that carry values or secrets, and what is shown of them (after the subcommand). */
const SUBCOMMANDS: Readonly<Record<string, string>> = {
  'ACL SETUSER': '(?)',
  'ACL DELUSER': '(?)',
  'ACL GETUSER': '(?)',
  'ACL DRYRUN': '(?)',
  'CONFIG SET': '(k?)',
  'CLIENT SETNAME': '(?)',
  'CLIENT KILL': '(?)',
  'SCRIPT LOAD': '(?)',
  'FUNCTION LOAD': '(?)',
  'FUNCTION RESTORE': '(?)',
  'MODULE LOADEX': '(?)',
  'MODULE LOAD': '(?)',
  'DEBUG SET-ACTIVE-EXPIRE': '(?)',
};

/** Commands whose arguments are secrets: never shown, whatever is configured. */
const SECRET = new Set([
  'AUTH',
  'HELLO',
  'MIGRATE',
  'ACL SETUSER',
  'ACL GENPASS',
  'ACL DRYRUN',
  'CONFIG SET',
  'REPLCONF',
  'MODULE LOADEX',
]);

/** They may wait for as long as they say, or for ever. */
const PATIENT = new Set(
  'BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF XREAD XREADGROUP'.split(
    ' ',
  ),
);

const SUBSCRIBING = new Set(
  'SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE'.split(' '),
);

/** @param name in upper case */
export function isKnown(name: string): boolean {
  return SHOWN.has(name);
}

/** Whether the first argument is a subcommand. @param name in upper case */
export function isContainer(name: string): boolean {
  return CONTAINERS.has(name);
}

/** Whether the answer may take as long as the client allows. @param name in upper case */
export function isPatient(name: string): boolean {
  return PATIENT.has(name);
}

/** Whether it is answered once for each channel. @param name in upper case */
export function isSubscribing(name: string): boolean {
  return SUBSCRIBING.has(name);
}

/**
 * Whether nothing of its arguments may be shown. @param operation command, and subcommand of a
 * container
 */
export function isSecret(operation: string): boolean {
  return SECRET.has(operation);
}

/** What is shown of the arguments after the command, or after the subcommand of a container. */
export function patternOf(operation: string): string {
  const space = operation.indexOf(' ');
  if (space < 0) return SHOWN.get(operation) ?? '(?)';
  return SUBCOMMANDS[operation] ?? '(k)';
}
