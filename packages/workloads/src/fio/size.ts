const POWERS: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4 };

/** What `sizeOf` understands, for messages. */
export const SIZE_FORM = "a size: digits, then nothing, k, m, g or t for powers of 1024 (fio's kb_base=1024)";

/**
 * Bytes of a size as fio writes it under its default kb_base=1024: "4096", "4k", "1G", "1gb".
 * fio's "Ki", "Mi", … mean powers of 1000 under that kb_base and are refused: hardly anybody means that.
 *
 * @returns Bytes: integer, 0 … 2^53-1; undefined if it is no size.
 */
export function sizeOf(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d+)(?:([kmgt])b?)?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Number(digits) * 1024 ** POWERS[unit.toLowerCase()]!;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
