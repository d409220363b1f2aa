const decoder = new TextDecoder();

/** /proc/sys/kernel/random/boot_id: a UUID in lower case, or undefined where the text is none. */
export function parseBootId(bytes: Uint8Array, length: number): string | undefined {
  const text = decoder.decode(bytes.subarray(0, Math.min(length, bytes.length))).trim();
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : undefined;
}
