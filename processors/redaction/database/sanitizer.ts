import type { Config } from '../config.ts';
import { maskJson } from './json.ts';
import { maskMemcached, maskRedis } from './redis.ts';
import { type Dialect, maskSql } from './sql.ts';

/** How the statements of one kind of database are masked. */
interface Kind {
  /** Values of db.system.name. */
  readonly systems: readonly string[];
  /** Attributes that hold statements. */
  readonly attributes: ReadonlySet<string>;
  mask(text: string, system: string): string;
}

const sqlSystems = ['other_sql', 'mysql', 'postgresql', 'mariadb', 'sqlite'];

/** Masks statements of databases. */
export interface DatabaseSanitizer {
  /** A text of which nothing is known: all kinds that are on, one after the other. */
  body(text: string): string;
  /** @param system of the attributes; '' = none is given */
  attribute(text: string, key: string, system: string): string;
  /** @param system '' = none is given: the name stays */
  spanName(text: string, system: string): string;
}

function kindsOf(config: Config['db_sanitizer']): Kind[] {
  const kinds: Kind[] = [];
  const add = (
    section: { readonly enabled: boolean; readonly attributes: readonly string[] },
    systems: readonly string[],
    mask: Kind['mask'],
    withAttributes = true,
  ) => {
    if (!section.enabled) return;
    kinds.push({ systems, attributes: new Set(withAttributes ? section.attributes : []), mask });
  };
  const dialect = (system: string): Dialect => (system === 'mysql' ? 'mysql' : '');
  add(config.sql, sqlSystems, (text, system) => maskSql(text, dialect(system)));
  add(config.redis, ['redis'], maskRedis);
  add(config.valkey, ['valkey'], maskRedis);
  add(config.memcached, ['memcached'], maskMemcached);
  add(config.mongo, ['mongodb'], maskJson);
  add(config.opensearch, ['opensearch'], maskJson, false);
  add(config.es, ['elasticsearch'], maskJson, false);
  return kinds;
}

/** Attributes whose values are masked. */
export function databaseKeys(config: Config['db_sanitizer']): ReadonlySet<string> {
  return new Set(kindsOf(config).flatMap(({ attributes }) => [...attributes]));
}

/**
 * The sanitizer of a configuration, undefined when nothing is on.
 * @param withoutSystem attributes are masked also where no db.system.name is given (logs)
 */
export function databaseSanitizer(
  config: Config['db_sanitizer'],
  withoutSystem: boolean,
): DatabaseSanitizer | undefined {
  const kinds = kindsOf(config);
  if (kinds.length === 0) return undefined;
  return {
    body: (text) => kinds.reduce((result, kind) => kind.mask(result, ''), text),
    attribute(text, key, system) {
      const fitting = kinds.filter(({ attributes }) => attributes.has(key));
      if (system !== '') {
        const kind = fitting.find(({ systems }) => systems.includes(system));
        return kind?.mask(text, '') ?? text;
      }
      if (!withoutSystem) return text;
      return fitting.reduce((result, kind) => kind.mask(result, ''), text);
    },
    spanName(text, system) {
      const kind = kinds.find(({ systems }) => systems.includes(system));
      return kind?.mask(text, system) ?? text;
    },
  };
}
