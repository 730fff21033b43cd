import type { Logger, Settings } from '../../component/settings.ts';
import { frontLedger } from '../../pipeline/front-ledger.ts';

function loggerOf(logger: Logger, endpoint: string): Logger {
  const log =
    (level: keyof Logger): Logger[keyof Logger] =>
    (message, fields) =>
      logger[level](message, { ...fields, endpoint });
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}

/**
 * Settings of the exporter for one backend. Its id, as the Go collector's, is `otlp_grpc/ENDPOINT`
 * or `otlp_grpc/NAME_ENDPOINT`: metrics and a queue on disk are its own.
 */
export function backendSettings(settings: Settings, endpoint: string): Settings {
  const name = settings.id.split('/').slice(1).join('/');
  return {
    ...settings,
    id: name === '' ? `otlp_grpc/${endpoint}` : `otlp_grpc/${name}_${endpoint}`,
    logger: loggerOf(settings.logger, endpoint),
  };
}

/** Settings of what stands before the backends: what it delivers is counted behind it. */
export function frontSettings(settings: Settings): Settings {
  return { ...settings, ledger: frontLedger(settings.ledger) };
}
