/**
 * What a slot may hold, as a signed 32-bit number:
 *
 * | number                  | meaning                                                  |
 * |-------------------------|----------------------------------------------------------|
 * | 0                       | nothing                                                  |
 * | 1 … 2^30-1              | an entry                                                 |
 * | 2^30 … 2^31-1           | an entry that nodes count as a *value* (`valueEntry`)    |
 * | -2, -3                  | reserved; retry                                          |
 * | -2^30 … -2^30+63        | sibling: the entry is in this slot of the same node      |
 * | -2^31 … -2^30-1         | a node                                                   |
 *
 * @differs The kernel tags the low bits of a word, because its entries are pointers; here they are integers, so that any
 * small integer is an entry as it is, and the tags are the high bits.
 */

/** Nothing: an empty slot. */
export const NULL_ENTRY = 0;
/** The largest entry. */
export const MAX_ENTRY = 0x7fff_ffff;
/** A slot that is taken, though it loads as nothing. @kernel XA_ZERO_ENTRY — include/linux/xarray.h, v7.3 */
export const ZERO_ENTRY: number = -2;
/** Look again: what was here has moved. Reaches no caller but those that store it. @kernel XA_RETRY_ENTRY — include/linux/xarray.h, v7.3 */
export const RETRY_ENTRY: number = -3;

const VALUE_BIT = 0x4000_0000;
const FIRST_SIBLING = -0x4000_0000;
const FIRST_NODE = -0x8000_0000;
/** Siblings name one of at most 64 slots. */
const SIBLING_COUNT = 64;

/** The entry that stands for `value`: integer, 0 … 2^30-1. Nodes count such entries apart. @kernel xa_mk_value() — include/linux/xarray.h, v7.3 */
export const valueEntry = (value: number): number => value | VALUE_BIT;
/** The value that `entry` stands for. @kernel xa_to_value() — include/linux/xarray.h, v7.3 */
export const valueOf = (entry: number): number => entry & ~VALUE_BIT;
/** Whether `entry` was made by `valueEntry`. @kernel xa_is_value() — include/linux/xarray.h, v7.3 */
export const isValueEntry = (entry: number): boolean => entry >= VALUE_BIT;

export const nodeEntry = (node: number): number => FIRST_NODE | node;
export const isNodeEntry = (entry: number): boolean => entry < FIRST_SIBLING;
export const nodeOf = (entry: number): number => entry & 0x7fff_ffff;

export const siblingEntry = (slot: number): number => FIRST_SIBLING + slot;
/** Anything from the first sibling to below the small sentinels is one. */
export const isSiblingEntry = (entry: number): boolean => entry >= FIRST_SIBLING && entry < FIRST_SIBLING + SIBLING_COUNT;
export const slotOfSibling = (entry: number): number => entry - FIRST_SIBLING;

/** What the normal interface shows of `entry`: a reserved slot looks empty. */
export const visible = (entry: number): number => (entry > 0 ? entry : NULL_ENTRY);
