/** Which semantic conventions spans are translated to and from; feature gates choose them. */
export interface Conventions {
  /** net.host.ip, net.peer.ip, peer.service. */
  readonly oldNetwork: boolean;
  /** network.local.address, network.peer.address, service.peer.name. */
  readonly newNetwork: boolean;
  /** http.status_code. */
  readonly oldHttp: boolean;
  /** http.response.status_code. */
  readonly newHttp: boolean;
  /** otel.library.name and .version. */
  readonly oldScope: boolean;
  /** otel.scope.name and .version. */
  readonly newScope: boolean;
  /** faas.id. */
  readonly oldCloud: boolean;
  /** cloud.resource_id. */
  readonly newCloud: boolean;
}

/** What they are unless gates say otherwise. */
export const defaultConventions: Conventions = {
  oldNetwork: false,
  newNetwork: true,
  oldHttp: true,
  newHttp: false,
  oldScope: true,
  newScope: false,
  oldCloud: true,
  newCloud: false,
};

/**
 * What the feature gates `pkg.translator.zipkin.*` say.
 * @throws Error when there would be no addresses at all
 */
export function conventionsOf(enabled: (gate: string) => boolean): Conventions {
  const emitsOld = (what: string) => !enabled(`pkg.translator.zipkin.DontEmitV0${what}Conventions`);
  const emitsNew = (what: string) => enabled(`pkg.translator.zipkin.EmitV1${what}Conventions`);
  if (!emitsOld('Network') && !emitsNew('Network')) {
    throw new Error(
      'pkg.translator.zipkin.DontEmitV0NetworkConventions cannot be enabled without enabling ' +
        'pkg.translator.zipkin.EmitV1NetworkConventions',
    );
  }
  return {
    oldNetwork: emitsOld('Network'),
    newNetwork: emitsNew('Network'),
    oldHttp: emitsOld('Http'),
    newHttp: emitsNew('Http'),
    oldScope: emitsOld('Scope'),
    newScope: emitsNew('Scope'),
    oldCloud: emitsOld('CloudResource'),
    newCloud: emitsNew('CloudResource'),
  };
}
