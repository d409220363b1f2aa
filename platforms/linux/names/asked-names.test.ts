import { describe, expect, test } from 'bun:test';
import { NameBasis } from '../../../src/data/schema/network-columns.ts';
import { namespaceObstacle, runInNamespace } from '../packet/veth-pair.fixture.ts';

const FIXTURE = `${import.meta.dir}/asked-names.fixture.ts`;
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
      const basis = kind.startsWith('dns') ? NameBasis.DNS : kind === 'http' ? NameBasis.HTTP : NameBasis.SNI;
      const offered = kind === 'tls' ? 'h2,http/1.1' : kind === 'quic' ? 'h3' : undefined;
      return [name, offered === undefined ? { name, basis } : { name, basis, offered }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

describe.skipIf(obstacle !== undefined)(
  `two names on one address, a process each (needs private namespaces: ${obstacle ?? 'there'})`,
  () => {
    test.each(['packet', 'netlink'])('by the packet ring, on %s', async (tier) => {
      const kinds = ['tls', 'http', 'quic', 'quic-split'];
      const { parts, seen } = (await runInNamespace(FIXTURE, tier, ...kinds)) as Result;
      expect(parts.names).toBe('packets');
      expect(seen).toEqual(expected(kinds));
    });
  },
);
