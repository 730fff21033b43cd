import type { Capabilities, EngineEndpoint, Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import type { EngineProcess } from '../../storage/engine/start.ts';
import type { EmbeddedClickhouseConfig } from './index.ts';

/** The extension: owns the engine's process and hands out its endpoint. */
export function createEmbeddedClickhouse(
  settings: Settings,
  config: EmbeddedClickhouseConfig,
): Extension {
  const { clock, logger } = settings;
  let engine: EngineProcess | undefined;
  let capabilities: Capabilities = {};
  return {
    get capabilities() {
      return capabilities;
    },
    async start() {
      const { EngineProcess } = await import('../../storage/engine/start.ts');
      engine = new EngineProcess({
        path: config.path,
        listen: config.listen,
        ...(config.socket === undefined ? {} : { socket: config.socket }),
        ...(config.password === undefined ? {} : { password: config.password.reveal() }),
        allowedHosts: config.allowed_hosts,
        memoryBytes: config.memory_limit_mib * (1 << 20),
        threads: config.threads,
        bodyLimit: config.body_limit_mib * (1 << 20),
        clock,
        log: (level, message) => logger[level](message),
      });
      await engine.start();
      capabilities = { engine: endpointOf(engine) };
      const { url, socketPath, version, confined } = engine;
      logger.info('ClickHouse is ready', { url, socketPath, version, confined });
    },
    async shutdown() {
      const running = engine;
      engine = undefined;
      await running?.stop();
    },
  };
}

function endpointOf(engine: EngineProcess): EngineEndpoint {
  return {
    url: engine.url,
    ...(engine.socketPath === undefined ? {} : { socketPath: engine.socketPath }),
    username: engine.username,
    password: engine.password,
    passwordGenerated: engine.passwordGenerated,
    endQuery: (queryId) => engine.endQuery(queryId),
  };
}
