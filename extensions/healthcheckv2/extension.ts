import type { Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import type { InstanceStatus } from '../../component/view.ts';
import type { Listener } from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import { aggregate } from './aggregate.ts';
import type { HealthCheckV2Config } from './config.ts';
import { HealthService } from './grpc.ts';
import { type Statuses, serveLegacy, serveStatuses } from './http.ts';

/** Tells the state of each component over HTTP and gRPC. */
export function createHealthCheckV2(settings: Settings, config: HealthCheckV2Config): Extension {
  const { clock, host, logger } = settings;
  const { component_health: health } = config;
  const madeMs = clock.unixMs();
  const recoverableFirst =
    health?.include_recoverable_errors === true && !health.include_permanent_errors;
  let ready = false;
  let listener: Listener | undefined;
  let service: HealthService | undefined;

  /** Until all pipelines run everything starts, so that the whole does not flap. */
  const seen = (status: InstanceStatus): InstanceStatus =>
    ready || status.status !== 'StatusOK' ? status : { ...status, status: 'StatusStarting' };
  const statuses: Statuses = () =>
    aggregate(
      host.view.statuses().map(seen),
      recoverableFirst ? 'recoverable' : 'permanent',
      madeMs,
    );

  async function listen(): Promise<void> {
    const { use_v2: v2, http, grpc } = config;
    if (!v2) {
      listener = await openAt(config.endpoint, () => serveLegacy(settings, config, statuses));
    } else if (http !== undefined) {
      listener = await openAt(http.endpoint, () => serveStatuses(settings, http, health, statuses));
    }
    if (!v2 || grpc === undefined) return;
    service = new HealthService(settings, grpc, health, statuses);
    await service.start();
  }

  return {
    capabilities: {},
    async start() {
      await listen();
      const where = { http: listener?.address, grpc: service?.port };
      logger.info('Starting health check extension V2', where);
    },
    async ready() {
      ready = true;
    },
    async shutdown() {
      const [http, grpc] = [listener, service];
      listener = undefined;
      service = undefined;
      await http?.close(0);
      await grpc?.shutdown();
    },
  };
}
