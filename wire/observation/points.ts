/**
 * Where on its way a message was seen, in the order in which a request passes: hops of a trace and
 * sightings of a request are in this order. `local` (client and server on the capturing host) and
 * `rest` (not known) lie between the client's places and the server's.
 */
export const observationPoints = [
  'client_process',
  'client_nic',
  'client_node',
  'client_hypervisor',
  'client_gateway_hypervisor',
  'client_gateway',
  'local',
  'rest',
  'server_gateway',
  'server_gateway_hypervisor',
  'server_hypervisor',
  'server_node',
  'server_nic',
  'server_process',
] as const;

/** One of {@link observationPoints}; value of `wirestitch.observation.point`. */
export type ObservationPoint = (typeof observationPoints)[number];

/** Whether a message seen there is described from the client's side. */
export function isClientSide(point: ObservationPoint): boolean {
  return point.startsWith('client_');
}
