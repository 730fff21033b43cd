export { type ConfigNote, type LoadedConfig, type LoadOptions, loadConfig } from './load.ts';
export { mergeNodes } from './merge.ts';
export { defaultParseLimits, type ParseLimits, parseYaml } from './parse.ts';
export { defaultProviders, type Provider, type Providers } from './providers.ts';
