import { beforeAll, describe, expect, test } from 'bun:test';
import { OpError } from '../src/kit/errors/op-error.ts';
import { bootMachine, type MachineRun } from './testing/machine-boot.ts';
import { buildMachine, type MachineImage } from './testing/machine-image.ts';
import type { Suite } from './testing/machine-packages.ts';
import type { AccuracyLine, Examination, FailureLine, Stage, Who } from './testing/machine-report.ts';
import { accuracyTable, partsTable, tierTable } from './testing/machine-table.ts';
import { type Architecture, requireTools } from './testing/machine-tools.ts';

/** Kernels that people run, by Debian's release and processor. */
const MACHINES: readonly (readonly [string, Suite, Architecture])[] = [
  ['5.10 amd64', 'bullseye', 'amd64'],
  ['6.1 amd64', 'bookworm', 'amd64'],
  ['6.1 arm64', 'bookworm', 'arm64'],
];
/** A machine needs one to five minutes on two processors, most of it for traffic; one of another kind twice as long. */
const LIMIT_MILLIS = 1_200_000;
const WRONG_PERCENT_MAX = 1;
/** What this release can do on each of them. */
const TIERS: Readonly<Record<Who, readonly string[]>> = {
  root: ['ebpf', 'netlink', 'packet', 'proc'],
  nobody: ['netlink', 'proc'],
};

/** The machine, or why it cannot be had here; what is broken is thrown. */
function prepare(suite: Suite, architecture: Architecture): MachineImage | string {
  try {
    requireTools(architecture);
    return buildMachine(suite, architecture);
  } catch (thrown) {
    if (thrown instanceof OpError && thrown.code === 'UNAVAILABLE') return thrown.message;
    throw thrown;
  }
}

function examinationOf({ lines }: MachineRun, stage: Stage, who: Who): Examination | undefined {
  for (const line of lines) {
    if (line.kind === 'examination' && line.stage === stage && line.who === who) return line.examination;
  }
  return undefined;
}

function accuraciesOf({ lines }: MachineRun): AccuracyLine[] {
  return lines.filter((line) => line.kind === 'accuracy');
}

function availableTiers(examination: Examination | undefined): string[] {
  return (examination?.tiers ?? []).filter(({ available }) => available).map(({ tier }) => tier);
}

/** `netlink as root over veth: TCP v4 is off by 3 %` for each verdict that `isBad`. */
function complaints(
  run: MachineRun,
  isBad: (verdict: AccuracyLine['verdicts'][number]) => boolean,
): string[] {
  return accuraciesOf(run).flatMap(({ tier, who, where, verdicts }) =>
    verdicts
      .filter(isBad)
      .map((one) => `${tier} as ${who} over ${where}: ${one.caseName} ${JSON.stringify(one)}`),
  );
}

for (const [kernel, suite, architecture] of MACHINES) {
  const machine = prepare(suite, architecture);
  const reason = typeof machine === 'string' ? `; here it ${machine}` : '';
  describe.skipIf(typeof machine === 'string')(`Linux ${kernel}, emulated (needs qemu${reason})`, () => {
    let run: MachineRun;

    beforeAll(async () => {
      if (typeof machine === 'string') return;
      const start = performance.now();
      run = await bootMachine(machine, LIMIT_MILLIS);
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      process.stdout.write(`Linux ${kernel}, ${seconds} s\n${tierTable(kernel, run.lines)}`);
      process.stdout.write(partsTable(kernel, run.lines));
      process.stdout.write(`${accuracyTable(kernel, run.lines)}\n`);
    }, LIMIT_MILLIS + 10_000);

    test('every step ran to its end', () => {
      const failures = run.lines.filter((line): line is FailureLine => line.kind === 'failure');
      expect(failures.map(({ step, message }) => `${step}: ${message}`)).toEqual([]);
    });

    test('without the kernel modules it says which is missing, and shows what /proc has', () => {
      const found = examinationOf(run, 'bare', 'root');
      const netlink = found?.tiers.find(({ tier }) => tier === 'netlink');
      expect(netlink).toEqual({
        tier: 'netlink',
        available: false,
        detail: expect.stringContaining('inet_diag'),
      });
      expect(availableTiers(found)).toContain('proc');
    });

    test.each(['root', 'nobody'] as const)('as %s it has the tiers of this release', (who) => {
      const found = examinationOf(run, 'ready', who);
      expect(availableTiers(found)).toEqual([...TIERS[who]]);
      expect(found?.tier).toBe(TIERS[who][0] ?? '');
      expect(found?.modules).toEqual({ tcp_diag: 'ok', udp_diag: 'ok' });
      expect(found?.closings.announced).toBe('ok');
    });

    test('in a PID namespace of its own the tier ebpf has all parts that it has without', () => {
      const [contained, ready] = (['contained', 'ready'] as const).map((stage) =>
        examinationOf(run, stage, 'root'),
      );
      expect(availableTiers(contained)).toContain('ebpf');
      expect(contained?.programs).toEqual(ready?.programs ?? {});
    });

    test('every tier that counts was compared with the truth', () => {
      const compared = accuraciesOf(run).map(({ tier, who, where }) => `${tier} ${who} ${where}`);
      const counting = (who: Who) => TIERS[who].filter((tier) => tier !== 'proc');
      expect(compared.sort()).toEqual(
        [
          ...counting('root').flatMap((tier) => [`${tier} root loopback`, `${tier} root veth`]),
          ...counting('nobody').map((tier) => `${tier} nobody loopback`),
        ].sort(),
      );
    });

    test('what is promised is within its bar, both directions', () => {
      expect(
        complaints(run, ({ barPercent, errorPercent }) =>
          typeof barPercent === 'number' ? !(errorPercent <= barPercent) : false,
        ),
      ).toEqual([]);
    });

    test('no byte is shown on the row of another process', () => {
      expect(complaints(run, ({ wrongPercent }) => wrongPercent > WRONG_PERCENT_MAX)).toEqual([]);
      const foreign = accuraciesOf(run).map(({ rowSum }) => rowSum?.foreignPercent ?? 0);
      expect(Math.max(...foreign)).toBe(0);
    });

    test('all rows together have all bytes, those of connections that came and went too', () => {
      for (const { rowSum } of accuraciesOf(run)) {
        if (rowSum?.barPercent !== undefined) {
          expect(rowSum?.errorPercent).toBeLessThanOrEqual(rowSum?.barPercent ?? 0);
        }
      }
    });
  });
}
