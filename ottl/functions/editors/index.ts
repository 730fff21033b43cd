import type { OttlFunction } from '../types.ts';
import { deleteKey, deleteMatchingKeys, keepKeys, keepMatchingKeys, limit } from './keys.ts';
import { append, deleteIndex } from './lists.ts';
import { flatten, mergeMaps } from './maps.ts';
import { set } from './set.ts';
import {
  replaceAllMatches,
  replaceAllPatterns,
  replaceMatch,
  replacePattern,
  stringifyAll,
  truncateAll,
} from './values.ts';

/** All editors. */
export const editors: readonly OttlFunction[] = [
  append,
  deleteIndex,
  deleteKey,
  deleteMatchingKeys,
  flatten,
  keepKeys,
  keepMatchingKeys,
  limit,
  mergeMaps,
  replaceAllMatches,
  replaceAllPatterns,
  replaceMatch,
  replacePattern,
  set,
  stringifyAll,
  truncateAll,
];
