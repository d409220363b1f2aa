import { describe, expect, test } from 'bun:test';
import { CASES, runCase, type TrafficNetwork } from './veth-cases.ts';

const hasCompiler = Bun.which('gcc') !== null;
/** Its server complains, says that it is ready on a port where nobody listens, and is gone. */
const WITHOUT_SERVER: TrafficNetwork = {
  address: () => '127.0.0.1',
  command: (side, argv) =>
    side === 'far' ? ['sh', '-c', 'echo full up >&2; echo ready 1; exit 1'] : [...argv],
  wire: () => ({ ipBytes: 0, segments: 0, framesHandedOver: 0 }),
};

describe.skipIf(!hasCompiler)('a case that fails (needs gcc)', () => {
  test('is told with the words of both ends', async () => {
    const spec = CASES.find(({ name }) => name === 'TCP v4')!;
    await expect(runCase(spec, WITHOUT_SERVER)).rejects.toMatchObject({
      code: 'TRAFFIC',
      message: expect.stringMatching(/^TCP v4: client: .*connect: Connection refused; server: full up$/),
    });
  });
});
