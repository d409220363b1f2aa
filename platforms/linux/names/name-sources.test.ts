import { expect, test } from 'bun:test';
import { namespaceObstacle, runInNamespace } from '../packet/veth-pair.fixture.ts';

const obstacle = namespaceObstacle();

test.skipIf(obstacle !== undefined)(
  `of many segments without a name fewer are looked at for a minute (needs a namespace: ${obstacle ?? 'there'})`,
  async () => {
    const shown = await runInNamespace(`${import.meta.dir}/name-sources.fixture.ts`);
    const { first, other, web, none, later } = shown as Record<string, number>;
    expect(first).toBeGreaterThan(200);
    expect(other).toBe(0);
    expect(web).toBeGreaterThan(200);
    expect(none).toBe(0);
    expect(later).toBeGreaterThan(200);
  },
);
