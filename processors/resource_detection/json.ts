/** A value of parsed JSON. */
export type Json = unknown;

function member(value: Json, name: string): Json {
  if (value === null || typeof value !== 'object') return undefined;
  const object = value as Readonly<Record<string, Json>>;
  if (Object.hasOwn(object, name)) return object[name];
  const lower = name.toLowerCase();
  const key = Object.keys(object).find((other) => other.toLowerCase() === lower);
  return key === undefined ? undefined : object[key];
}

/** What stands at a path of member names, whose case does not count. */
export function at(value: Json, ...path: readonly string[]): Json {
  return path.reduce<Json>(member, value);
}

/** The text at a path, '' when there is none. */
export function textAt(value: Json, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The whole number at a path in decimal, 0 when there is none. */
export function numberAt(value: Json, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'number' ? String(found) : '0';
}

/** The elements of the list at a path. */
export function listAt(value: Json, ...path: readonly string[]): readonly Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}
