import type { Logger } from '../../component/settings.ts';
import { type TtlReport, ttlText } from '../../storage/schema/ttl.ts';
import type { ClickHouseConfig } from './config.ts';

/** Tells what became of the time that rows are kept, where anything did. @param seconds 0 = for ever */
export function tellTtl(logger: Logger, report: TtlReport, seconds: number): void {
  const { changed, left } = report;
  if (changed.length > 0) {
    const fields = { now: ttlText(seconds), before: changed.join(', ') };
    logger.info('the time that rows are kept was changed', fields);
  }
  if (left.length > 0) {
    const message =
      'cannot apply key ttl: the TTL of these tables does more than to remove old rows';
    logger.warn(message, { tables: left.join(', ') });
  }
}

/** Key `ttl` is for those who let the exporter make the tables. */
export function tellIgnored(config: ClickHouseConfig, logger: Logger): void {
  if (config.ttl === undefined) return;
  logger.warn('key ttl changes nothing: create_schema is false, so the tables stay as they are');
}
