import type { Logger, Meter, Settings } from '../../component/settings.ts';
import { frontLedger } from '../../pipeline/front-ledger.ts';

function loggerOf(logger: Logger, endpoint: string): Logger {
  const log =
    (level: keyof Logger): Logger[keyof Logger] =>
    (message, fields) =>
      logger[level](message, { ...fields, endpoint });
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}

/** Gauges of several backends are told apart by the endpoint. */
function meterOf(meter: Meter, endpoint: string): Meter {
  return {
    counter: (name, options) => meter.counter(name, options),
    histogram: (name, options, bounds) => meter.histogram(name, options, bounds),
    gauge: (name, options, observe, attributes) =>
      meter.gauge(name, options, observe, { ...attributes, endpoint }),
  };
}

/** Settings of the exporter for one backend. */
export function backendSettings(settings: Settings, endpoint: string): Settings {
  const name = settings.id.split('/').slice(1).join('/');
  return {
    ...settings,
    id: name === '' ? 'otlp_grpc' : `otlp_grpc/${name}`,
    logger: loggerOf(settings.logger, endpoint),
    meter: meterOf(settings.meter, endpoint),
  };
}

const silent: Meter = {
  counter: () => ({ add: () => {} }),
  histogram: () => ({ enabled: false, record: () => {} }),
  gauge: () => () => {},
};

/** Settings of what stands before the backends: they count what was sent. */
export function frontSettings(settings: Settings): Settings {
  return { ...settings, meter: silent, ledger: frontLedger(settings.ledger) };
}
