/**
 * Where on its way a message was seen, in the order in which a request passes: the order of hops in
 * a trace follows from it. `local` (client and server on one host) and `rest` (not known) rank
 * last.
 */
export const observationPoints = [
  'client_process',
  'client_nic',
  'client_node',
  'client_hypervisor',
  'client_gateway_hypervisor',
  'client_gateway',
  'server_gateway',
  'server_gateway_hypervisor',
  'server_hypervisor',
  'server_node',
  'server_nic',
  'server_process',
  'local',
  'rest',
] as const;

export type ObservationPoint = (typeof observationPoints)[number];

/** Whether a message seen there is described from the client's side. */
export function isClientSide(point: ObservationPoint): boolean {
  return point.startsWith('client_');
}
