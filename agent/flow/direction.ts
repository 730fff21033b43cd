/**
 * Which end is the client, from the ports alone, when no handshake was seen: the end with the
 * higher, ephemeral port.
 * @param servicePorts ports that the enabled protocols are known to listen on
 * @returns whether the sender is the client
 */
export function senderIsClient(
  sourcePort: number,
  destinationPort: number,
  servicePorts: ReadonlySet<number>,
): boolean {
  const fromService = servicePorts.has(sourcePort);
  const toService = servicePorts.has(destinationPort);
  if (fromService !== toService) return toService;
  if (sourcePort === destinationPort) return true;
  return sourcePort > destinationPort;
}
