import type { Place } from '../place.ts';
import type { OttlDuration, OttlList, OttlMap, OttlTime, OttlValue } from '../values.ts';

/** Computes a value at a place. @throws OttlRuntimeError */
export type Evaluate<T = OttlValue> = (place: Place) => T;

/** An argument that is evaluated for each item. */
export interface Getter<T = OttlValue> {
  /** True for literals: `get` needs no place then ({@link literalOf}). */
  readonly isLiteral: boolean;
  get(place: Place): T;
}

/** A path that is read and written. */
export interface Target extends Getter {
  set(place: Place, value: OttlValue): void;
}

/** A path that holds a map. `get` gives a copy: write it back with `set`. */
export interface MapTarget extends Getter<OttlMap> {
  set(place: Place, value: OttlMap): void;
}

/** A path that holds a list. `get` gives a copy: write it back with `set`. */
export interface ListTarget extends Getter<OttlList> {
  set(place: Place, value: OttlList): void;
}

/** A converter given by its name, e.g. SHA256; `call` makes it with positional arguments. */
export interface FunctionArgument {
  readonly name: string;
  call(...args: readonly Getter[]): Evaluate;
}

/**
 * What an argument can be, by name. `...Like` converts (null stays null); without it another type
 * is a runtime error. `literal...` are known when the statement is compiled.
 */
export interface ArgumentTypes {
  any: Getter;
  string: Getter<string>;
  stringLike: Getter<string | null>;
  int: Getter<bigint>;
  intLike: Getter<bigint | null>;
  float: Getter<number>;
  floatLike: Getter<number | null>;
  bool: Getter<boolean>;
  boolLike: Getter<boolean | null>;
  bytesLike: Getter<Uint8Array | null>;
  map: Getter<OttlMap>;
  list: Getter<OttlList>;
  time: Getter<OttlTime>;
  duration: Getter<OttlDuration>;
  /** Must be a path. */
  target: Target;
  /** Must be a path. */
  mapTarget: MapTarget;
  /** Must be a path. */
  listTarget: ListTarget;
  literalString: string;
  literalInt: bigint;
  literalFloat: number;
  literalBool: boolean;
  literalBytes: Uint8Array;
  /** The number of an enum symbol. */
  enum: bigint;
  function: FunctionArgument;
  anyList: readonly Getter[];
  stringList: readonly Getter<string>[];
  stringLikeList: readonly Getter<string | null>[];
  intList: readonly Getter<bigint>[];
  intLikeList: readonly Getter<bigint | null>[];
  floatList: readonly Getter<number>[];
  floatLikeList: readonly Getter<number | null>[];
  mapList: readonly Getter<OttlMap>[];
  listList: readonly Getter<OttlList>[];
  timeList: readonly Getter<OttlTime>[];
  durationList: readonly Getter<OttlDuration>[];
  literalStringList: readonly string[];
  literalIntList: readonly bigint[];
  literalFloatList: readonly number[];
}

type ArgumentType = keyof ArgumentTypes;

/** One parameter. Required ones may follow optional ones; positions count all of them. */
export interface Parameter {
  /**
   * snake_case, as users name it (`replacement_format`); also the key of `make`'s argument. A named
   * argument fits when both are the same in CamelCase.
   */
  readonly name: string;
  readonly type: ArgumentType;
  readonly optional?: boolean;
}

/** Arguments by parameter name; absent optional ones are undefined. */
export type Arguments<P extends readonly Parameter[]> = {
  readonly [K in P[number] as K['name']]: K['optional'] extends true
    ? ArgumentTypes[K['type']] | undefined
    : ArgumentTypes[K['type']];
};

/** What functions may ask of the program around them. */
export interface Environment {
  readonly clock: { unixMs(): number };
  readonly random: { bytes(length: number): Uint8Array };
}

/** An editor (lower case) or converter (upper case), as it stands in the function table. */
export interface OttlFunction {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /**
   * Called once a statement. Whatever can be checked or prepared from literals is done here.
   * @throws Error or OttlError with the reason when arguments cannot be used
   */
  make(args: Readonly<Record<string, unknown>>, environment: Environment): Evaluate;
}

/** A function with typed arguments; the parameters are checked before `make` is called. */
export function defineFunction<const P extends readonly Parameter[]>(definition: {
  readonly name: string;
  readonly parameters: P;
  make(args: Arguments<P>, environment: Environment): Evaluate;
}): OttlFunction {
  return definition as unknown as OttlFunction;
}

/** Editors and converters by their names, which are case-sensitive. */
export type FunctionTable = ReadonlyMap<string, OttlFunction>;

/** Joins lists of functions; of two with one name the later one counts. */
export function functionTable(...lists: readonly (readonly OttlFunction[])[]): FunctionTable {
  return new Map(lists.flat().map((entry) => [entry.name, entry]));
}

/** The value of a literal argument, undefined for what depends on the place. */
export function literalOf<T>(getter: Getter<T>): T | undefined {
  return getter.isLiteral ? getter.get(undefined as never) : undefined;
}
