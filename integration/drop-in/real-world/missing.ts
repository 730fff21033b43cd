/** Components that configurations of this folder use and this program has not, with the reason. */
export const missing: Readonly<Record<string, string>> = {
  'exporter-opensearch': 'a vendor format; its data can be sent by OTLP',
  'extension-k8s_leader_elector': 'comes with the receivers of the cluster, which need it',
  'extension-k8s_observer': 'comes with receiver_creator',
  'extension-opamp': 'remote management is not built yet',
  'processor-gen_ai_normalizer': 'newer than release 0.155',
  'receiver-k8s_cluster': 'metrics and events of the cluster are not built yet',
  'receiver-k8s_objects': 'metrics and events of the cluster are not built yet',
  'receiver-k8sobjects': 'metrics and events of the cluster are not built yet',
  'receiver-kafkametrics': 'metrics of brokers are not built yet',
  'receiver-kubelet_stats': 'metrics of the kubelet are not built yet',
  'receiver-kubeletstats': 'metrics of the kubelet are not built yet',
  'receiver-receiver_creator': 'receivers that are made while the program runs are not built yet',
};

/** What a configuration has beside missing components, and is refused for. */
export interface Limit {
  /** Ids of components that are left out when the rest is started. */
  readonly ids: readonly string[];
  /** What the refusal says. */
  readonly says: readonly string[];
}

/** Configurations that are refused although their components are here. */
export const limits: Readonly<Record<string, Limit>> = {
  demo: {
    ids: ['processor/filter/sanitize_profiles'],
    says: [
      'cannot filter profiles: conditions on profiles are not supported',
      'references processor "filter/sanitize_profiles" which does not support profiles (only traces, metrics, logs)',
    ],
  },
};

/** What a machine has to have that these configurations are not for. */
export const ofMachine: readonly RegExp[] = [
  /^invalid root_path: stat \/hostfs:/,
  /KUBERNETES_SERVICE_HOST/,
  /^error checking authorization credentials file "\/var\/run\/secrets\//,
];
