import { readdirSync, readFileSync } from 'node:fs';
import { bpf } from '../../platforms/linux/bpf/bpf-call.ts';
import { NativeBuffer } from '../../platforms/linux/libc.ts';

/** enum bpf_cmd: BPF_PROG_GET_NEXT_ID, BPF_MAP_GET_NEXT_ID, BPF_LINK_GET_NEXT_ID (5.8). */
const NEXT_ID = { prog: 11, map: 12, link: 31 } as const;
const NEXT_ID_BYTES = 12;

type Kind = keyof typeof NEXT_ID;
const KINDS = Object.keys(NEXT_ID) as readonly Kind[];

/** Empty for a file that is no longer there: descriptors come and go while they are listed. */
export function textUnlessGone(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    return '';
  }
}

/** Programs, maps and links that a process has descriptors of, as `prog 12`. */
export function objectsOf(pid: number): ReadonlySet<string> {
  const objects = new Set<string>();
  for (const descriptor of readdirSync(`/proc/${pid}/fdinfo`)) {
    const text = textUnlessGone(`/proc/${pid}/fdinfo/${descriptor}`);
    for (const [, kind, id] of text.matchAll(/^(prog|map|link)_id:\s+(\d+)$/gm)) objects.add(`${kind} ${id}`);
  }
  return objects;
}

/** All programs, maps and links of this machine, in the same words. Needs CAP_SYS_ADMIN. */
export function objectsOfMachine(): ReadonlySet<string> {
  const objects = new Set<string>();
  const attributes = new NativeBuffer(NEXT_ID_BYTES);
  for (const kind of KINDS) {
    // 0 start id | 4 next id (out) | 8 flags; ENOENT behind the last.
    attributes.u32[0] = 0;
    while (bpf(NEXT_ID[kind], attributes, NEXT_ID_BYTES) === 0) {
      const id = attributes.u32[1]!;
      objects.add(`${kind} ${id}`);
      attributes.u32[0] = id;
    }
  }
  return objects;
}
