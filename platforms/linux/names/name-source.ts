/** Where packets that may say a name come from. */
export interface NameSource {
  /** As CollectionParts has it. */
  readonly part: 'ebpf' | 'packets';
  /** Shows the sniffer what the kernel has copied. Cheap. */
  drain(): void;
  /** How long the kernel's buffer lasts. */
  drainWithinMillis(): number;
  close(): void;
}
