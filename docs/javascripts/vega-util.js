// What Vega's interpreter of expressions takes from Vega's utilities: they are in Vega, which is there already.
export const { ascending, isString, DisallowedObjectProperties } = globalThis.vega;
