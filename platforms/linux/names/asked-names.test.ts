import { describe, expect, test } from 'bun:test';
import { NameBasis } from '../../../src/data/schema/network-columns.ts';
import { withoutBpf } from '../bpf/ebpf.fixture.ts';
import { namespaceObstacle, runInNamespace } from '../packet/veth-pair.fixture.ts';

const FIXTURE = `${import.meta.dir}/asked-names.fixture.ts`;
const TIMEOUT_MILLIS = 60_000;
const obstacle = namespaceObstacle();

interface Result {
  readonly parts: { readonly names: string };
  readonly seen: Readonly<Record<string, { name: string; basis: number; offered?: string }>>;
}

/** What the rows of both processes of each kind should say. */
function expected(kinds: readonly string[]): Result['seen'] {
  const entries = kinds.flatMap((kind) =>
    ['first', 'second'].map((which) => {
      const name = `${which}.${kind}.example`;
      const basis = kind.startsWith('dns')
        ? NameBasis.DNS
        : kind.startsWith('http')
          ? NameBasis.HTTP
          : NameBasis.SNI;
      const offered = ({ tls: 'h2,http/1.1', quic: 'h3' } as Record<string, string>)[kind.replace('-v6', '')];
      return [name, offered === undefined ? { name, basis } : { name, basis, offered }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

describe.skipIf(obstacle !== undefined)(
  `two names on one address, a process each (needs private namespaces: ${obstacle ?? 'there'})`,
  () => {
    const said = ['tls', 'tls-long', 'tls-long-v6', 'tls-split', 'http', 'http-split'];
    said.push('quic', 'quic-split', 'quic-v6');

    test.each(['packet', 'netlink'])(
      'by the packet ring, on %s',
      async (tier) => {
        const { parts, seen } = (await runInNamespace(FIXTURE, tier, ...said)) as Result;
        expect(parts.names).toBe('packets');
        expect(seen).toEqual(expected(said));
      },
      TIMEOUT_MILLIS,
    );

    test.skipIf(withoutBpf !== undefined)(
      `by programs in the kernel, which know who asked a name server (needs them: ${withoutBpf ?? 'there'})`,
      async () => {
        const kinds = [...said, 'dns', 'dns-tcp'];
        const { parts, seen } = (await runInNamespace(FIXTURE, 'ebpf', ...kinds)) as Result;
        expect(parts.names).toBe('ebpf');
        expect(seen).toEqual(expected(kinds));
      },
      TIMEOUT_MILLIS,
    );
  },
);
