/** The four kinds of telemetry that OTLP carries. */
export const signals = ['traces', 'metrics', 'logs', 'profiles'] as const;

/** One of {@link signals}. */
export type Signal = (typeof signals)[number];
