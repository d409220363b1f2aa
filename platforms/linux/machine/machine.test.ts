import { afterEach, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CPU_TOTAL_ROW, type CpuTable, TIME_COLUMNS } from '../../../src/data/schema/cpu-sample.ts';
import { withoutBpf } from '../bpf/ebpf.fixture.ts';
import { guardedSpace } from '../guarded/helper-start.fixture.ts';
import { outputLines, restlessSlice, UNHURRIED, untilRuns } from '../testdata/test-slices.fixture.ts';
import { LinuxMachine, type LinuxMachineOptions } from './machine.ts';

function allTicks(table: CpuTable, row: number): number {
  return TIME_COLUMNS.reduce((sum, column) => sum + table[column][row]!, 0);
}

const cannotDropPrivileges = process.getuid?.() !== 0 || Bun.which('setpriv') === null;
const machines: LinuxMachine[] = [];
const children: Bun.Subprocess[] = [];

afterEach(async () => {
  for (const machine of machines.splice(0)) machine.close();
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await child.exited;
  }
});

function open(options: LinuxMachineOptions = {}): LinuxMachine {
  const machine = new LinuxMachine({ gpus: false, space: guardedSpace(), ...options });
  machines.push(machine);
  return machine;
}

async function outputOf(...command: string[]): Promise<string> {
  const child = Bun.spawn(command, { env: { ...process.env, LC_ALL: 'C' }, stderr: 'ignore' });
  return new Response(child.stdout).text();
}

/** Words of the last line. */
async function lastLineOf(...command: string[]): Promise<string[]> {
  return (await outputOf(...command)).trim().split('\n').at(-1)!.split(/\s+/);
}

/** Programs, maps and links of the kernel that this process holds. */
function bpfDescriptors(): number {
  const folder = '/proc/self/fd';
  const links = readdirSync(folder).map((name) => {
    try {
      return readlinkSync(join(folder, name));
    } catch {
      // The one that lists them.
      return '';
    }
  });
  return links.filter((link) => link.includes('bpf')).length;
}

/** What others may take or free between two looks. */
const OTHERS_BYTES = 500e6;

/** The value is between the two, with what a busy machine moves meanwhile. */
function expectWithin(value: number | undefined, a: number, b: number, slack: number): void {
  expect(value).toBeGreaterThanOrEqual(Math.min(a, b) - slack);
  expect(value).toBeLessThanOrEqual(Math.max(a, b) + slack);
}

describe('this machine', () => {
  test('CPU times are those of /proc/stat', async () => {
    const machine = open();
    const read = () => {
      const lines = readFileSync('/proc/stat', 'utf8').split('\n');
      const sum = (line: string) =>
        line
          .split(/\s+/)
          .slice(1, 9)
          .reduce((total, ticks) => total + Number(ticks), 0);
      return { total: sum(lines[0]!), cores: lines.filter((line) => /^cpu\d/.test(line)).map(sum) };
    };
    const before = read();
    const cpu = (await machine.collectMachine()).cpu.value!;
    const after = read();
    expect(cpu.onlineCount).toBe(before.cores.length);
    expectWithin(allTicks(cpu.times, CPU_TOTAL_ROW), before.total, after.total, 2);
    for (const [i, ticks] of before.cores.entries()) {
      expectWithin(allTicks(cpu.times, i + 1), ticks, after.cores[i]!, 2);
    }
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    expectWithin(cpu.uptimeSeconds, uptime, uptime, 5);
  });

  test('memory is what `free -b` says', async () => {
    const machine = open();
    const read = async () => {
      const text = await outputOf('free', '-b');
      const memory = /^Mem: +(\d+) +(\d+)/m.exec(text)!.slice(1).map(Number);
      const swap = /^Swap: +(\d+) +(\d+)/m.exec(text)!.slice(1).map(Number);
      return { total: memory[0]!, used: memory[1]!, swapTotal: swap[0]!, swapUsed: swap[1]! };
    };
    const before = await read();
    const memory = (await machine.collectMachine()).memory.value!;
    const after = await read();
    expect([memory.totalBytes, memory.swapTotalBytes]).toEqual([before.total, before.swapTotal]);
    // procps before 4.0 counted what is used in another way.
    const isSameWay = / 4\./.test(await outputOf('free', '--version'));
    if (isSameWay) expectWithin(memory.usedBytes, before.used, after.used, OTHERS_BYTES);
    expectWithin(memory.swapUsedBytes, before.swapUsed, after.swapUsed, OTHERS_BYTES);
  });

  test('file systems are those of `df -B1`, each once', async () => {
    const { fileSystems, devices } = await open().collectDisks();
    expect(fileSystems.some(({ mountPoint }) => mountPoint === '/')).toBe(true);
    expect(new Set(fileSystems.map(({ mountPoint }) => mountPoint)).size).toBe(fileSystems.length);
    for (const { mountPoint, totalBytes, usedBytes, availableBytes, inodes } of fileSystems) {
      const [, total, used, available] = await lastLineOf('df', '-B1', mountPoint);
      expect(totalBytes).toBe(Number(total));
      expectWithin(usedBytes, Number(used), Number(used), OTHERS_BYTES);
      expectWithin(availableBytes, Number(available), Number(available), OTHERS_BYTES);
      expect(inodes).toBe(Number((await lastLineOf('df', '-i', mountPoint))[1]));
    }
    for (const device of devices) expect(device.name).not.toStartWith('loop');
  });

  test.each([false, true])(
    'processes are those of `ps`; programs in the kernel: %p',
    async (mayLoadPrograms) => {
      const machine = open({ mayLoadPrograms });
      const child = Bun.spawn(['cat'], { stdin: 'pipe', stdout: 'pipe' });
      children.push(child);
      // Its name is the spawner's until exec has ended: once it answers, it is its own and rests.
      child.stdin.write('ready\n');
      await child.stdin.flush();
      await child.stdout.getReader().read();
      const section = await machine.collectProcesses(
        { visiblePids: [process.pid, child.pid], columns: ['readBytes'] },
        restlessSlice(),
      );
      const { processes, usage } = section;
      const ps = await outputOf('ps', '-o', 'ppid=,rss=,nlwp=,comm=', '-p', String(child.pid));
      const slot = processes.find(child.pid);
      const [ppid, rss, threads, name] = ps.trim().split(/\s+/);
      expect([processes.ppid[slot], processes.threads[slot], processes.names[slot]]).toEqual([
        Number(ppid),
        Number(threads),
        name!,
      ]);
      expect(processes.rssBytes[slot]).toBe(Number(rss) * 1024);
      const own = processes.find(process.pid);
      expect(usage.readBytes[own]! + usage.writtenBytes[own]!).toBeGreaterThanOrEqual(0);
      expect(section.coreCount).toBe(Number(await outputOf('getconf', '_NPROCESSORS_ONLN')));
    },
  );

  test.skipIf(withoutBpf !== undefined)(
    'processes keep their rows and counters when programs in the kernel begin to list them (needs eBPF)',
    async () => {
      const machine = open({ mayLoadPrograms: 'later' });
      const want = { visiblePids: [process.pid], columns: ['readBytes', 'writtenBytes'] } as const;
      const look = async () => {
        const { processes, usage } = await machine.collectProcesses(want, restlessSlice());
        const slot = processes.find(process.pid);
        return {
          processes,
          ...{ slot, serial: processes.slots.serial[slot], cpuNanos: processes.cpuNanos[slot]! },
          written: usage.writtenBytes[slot]!,
        };
      };
      const before = bpfDescriptors();
      const first = await look();
      await look();
      expect(bpfDescriptors()).toBe(before);
      let last = first;
      for (let more = 0; more < 3; more++) {
        const next = await look();
        expect(next.processes).toBe(first.processes);
        expect([next.slot, next.serial]).toEqual([first.slot, first.serial]);
        expect(next.cpuNanos).toBeGreaterThanOrEqual(last.cpuNanos);
        expect(next.written).toBeGreaterThanOrEqual(last.written);
        last = next;
      }
      expect(bpfDescriptors()).toBeGreaterThan(before);
      const names = (): string[] =>
        Array.from(last.processes.slots.rows.subarray(0, 3), (slot) => last.processes.names[slot]!);
      expect(names()).not.toContain('');
    },
  );

  test('context switches of a process are at least those of its first thread', async () => {
    const machine = open();
    const counted = (): number => {
      const status = readFileSync('/proc/self/status', 'utf8');
      return [...status.matchAll(/ctxt_switches:\t(\d+)/g)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      );
    };
    for (const want of [{ columns: ['contextSwitches'] }, { columnsOfAll: ['contextSwitches'] }] as const) {
      const before = counted();
      const visible = { visiblePids: 'columns' in want ? [process.pid] : [], ...want };
      const { processes, usage } = await machine.collectProcesses(visible, restlessSlice());
      const seen = usage.contextSwitches[processes.find(process.pid)]!;
      // By the iterator over tasks they are those of all threads.
      const isAll = withoutBpf === undefined;
      expect([seen >= before, isAll || seen <= counted()]).toEqual([true, true]);
    }
    const { processes, usage } = await machine.collectProcesses(
      { visiblePids: [process.pid] },
      restlessSlice(),
    );
    expect(usage.contextSwitches[processes.find(process.pid)]).toBeNaN();
  });

  test('what a process waits for is what its files say', async () => {
    const machine = open();
    const schedstat = (): number => Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]);
    const faults = (): number =>
      Number(readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')[9]);
    const setting = '/proc/sys/kernel/task_delayacct';
    const isCounted = existsSync(setting) && readFileSync(setting, 'utf8').trim() === '1';
    const before = [schedstat(), faults()];
    const columns = ['runDelayNanos', 'blockDelayNanos', 'majorFaults', 'ioCalls'] as const;
    const { processes, usage } = await machine.collectProcesses(
      { visiblePids: [process.pid], columns },
      restlessSlice(),
    );
    const slot = processes.find(process.pid);
    const after = [schedstat(), faults()];
    for (const [at, seen] of [usage.runDelayNanos[slot]!, usage.majorFaults[slot]!].entries()) {
      // By the iterator over tasks run delays are those of all threads.
      const isAll = at === 0 && withoutBpf === undefined;
      expect([seen >= before[at]!, isAll || seen <= after[at]!]).toEqual([true, true]);
    }
    expect(usage.ioCalls[slot]!).toBeGreaterThan(0);
    expect(Number.isNaN(usage.blockDelayNanos[slot]!)).toBe(!isCounted);
  });

  test.each([false, true])(
    'bytes from and to storage are those of /proc; programs: %p',
    async (mayLoadPrograms) => {
      const machine = open({ mayLoadPrograms });
      const folder = mkdtempSync(join(tmpdir(), 'machine-io-'));
      writeFileSync(join(folder, 'file'), new Uint8Array(1 << 20), { flush: true });
      rmSync(folder, { recursive: true });
      const told = (): number[] => {
        const text = readFileSync('/proc/self/io', 'utf8');
        return ['read_bytes', 'write_bytes'].map((name) =>
          Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(text)?.[1]),
        );
      };
      const before = told();
      const want = { visiblePids: [], columnsOfAll: ['readBytes', 'writtenBytes'] } as const;
      const { processes, usage } = await machine.collectProcesses(want, restlessSlice());
      const slot = processes.find(process.pid);
      const after = told();
      for (const [at, seen] of [usage.readBytes[slot]!, usage.writtenBytes[slot]!].entries()) {
        expect([seen >= before[at]!, seen <= after[at]!]).toEqual([true, true]);
      }
      expect(usage.writtenBytes[slot]!).toBeGreaterThan(0);
    },
  );

  test('two looks at once, and a close beneath them', async () => {
    const machine = open();
    const both = [
      machine.collectProcesses({ visiblePids: [] }, restlessSlice()),
      machine.collectProcess(process.pid, restlessSlice()),
      machine.collectProcesses({ visiblePids: [] }, restlessSlice()),
    ];
    const [first, detail, last] = await Promise.all(both);
    expect([first!.sequence, detail!.sequence, last!.sequence]).toEqual([1, 1, 2]);
    const late = machine.collectProcesses({ visiblePids: [] }, restlessSlice());
    machine.close();
    expect((await late).sequence).toBe(3);
  });

  test('every section counts its own samples', async () => {
    const machine = open();
    expect((await machine.collectMachine()).sequence).toBe(1);
    expect((await machine.collectDisks()).sequence).toBe(1);
    const second = await machine.collectMachine();
    expect(second.sequence).toBe(2);
    expect(second.durationMicros).toBeGreaterThan(0);
    expect(second.errors).toEqual([]);
  });
});

describe('one process in depth', () => {
  test('threads, children, descriptors, paths', async () => {
    const script = 'cd /tmp; sleep 1000 & echo $!; sleep 1000 & echo $!; exec 9</dev/null; echo ready; wait';
    const child = Bun.spawn(['sh', '-c', script], { stdout: 'pipe' });
    children.push(child);
    const lines = outputLines(child.stdout);
    for (let i = 0; i < 2; i++) await untilRuns(Number((await lines.next()).value), 'sleep 1000');
    await lines.next();
    const machine = open();
    const section = await machine.collectProcess(child.pid, UNHURRIED);
    const { process: shell, threads, children: table, childFacts } = section;
    const slots = table.slots.rows.subarray(0, table.slots.count);
    for (const slot of slots) process.kill(table.pid[slot]!, 'SIGKILL');
    // The shell waits for them, so that none is left.
    await child.exited;
    expect(shell).toMatchObject({
      pid: child.pid,
      ppid: process.pid,
      workingDirectory: '/tmp',
      threadCount: 1,
    });
    expect(shell.commandLine).toStartWith('sh -c cd /tmp');
    expect(shell.executablePath).toStartWith('/');
    expect(shell.descriptorCount).toBe(4);
    expect(Array.from(slots, (slot) => table.ppid[slot])).toEqual([child.pid, child.pid]);
    expect(childFacts?.map(({ commandLine }) => commandLine)).toEqual(['sleep 1000', 'sleep 1000']);
    expect(childFacts?.map(({ effectiveGid }) => effectiveGid)).toEqual([0, 0].map(() => process.getgid?.()));
    expect(childFacts?.[0]?.virtualBytes).toBeGreaterThan(0);
    expect(threads.map(({ tid, name }) => [tid, name])).toEqual([[child.pid, shell.name]]);
  });

  test('the threads of this very program', async () => {
    const listed = () => new Set(readdirSync('/proc/self/task').map(Number));
    const before = listed();
    const { process: self, threads } = await open().collectProcess(process.pid, restlessSlice());
    const after = listed();
    const tids = threads.map(({ tid }) => tid);
    expect(tids.length).toBeGreaterThan(1);
    // The engine's own threads may come and go.
    expect([...before].filter((tid) => after.has(tid) && !tids.includes(tid))).toEqual([]);
    expect(tids.filter((tid) => !before.has(tid) && !after.has(tid) && listed().has(tid))).toEqual([]);
    expect(tids).toEqual(tids.toSorted((a, b) => a - b));
    expect(self.cpuNanos).toBeGreaterThan(1e6);
    const ticks = threads.reduce((sum, thread) => sum + thread.userTicks + thread.systemTicks, 0);
    expect(ticks).toBeLessThanOrEqual(self.userTicks + self.systemTicks + 100);
  });

  test.skipIf(cannotDropPrivileges)(
    'what is not permitted is missing (needs root and setpriv to become another user)',
    async () => {
      const child = Bun.spawn(['sleep', '1000']);
      children.push(child);
      await untilRuns(child.pid, 'sleep 1000');
      const script = join(import.meta.dir, '../testdata/machine-as-user.ts');
      const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
      const seen = JSON.parse(await outputOf(...asNobody, process.execPath, script, String(child.pid)));
      expect(seen).toMatchObject({
        ...{ isOthersIoUnknown: true, isOthersMemoryKnown: true, isOwnIoKnown: true, hasCpuTime: true },
        ...{ threads: 1, errors: [] },
      });
      expect(seen.process).toMatchObject({ name: 'sleep', commandLine: 'sleep 1000', effectiveUid: 0 });
      expect(Object.keys(seen.process)).not.toContain('readBytes');
      expect(Object.keys(seen.process)).not.toContain('executablePath');
      expect(Object.keys(seen.process)).not.toContain('workingDirectory');
    },
  );

  test('a process that is not there', async () => {
    const machine = open();
    const thread = readdirSync('/proc/self/task')
      .map(Number)
      .find((tid) => tid !== process.pid)!;
    for (const pid of [0x7fffffff, 0, -1, thread]) {
      await expect(machine.collectProcess(pid, UNHURRIED)).rejects.toMatchObject({ code: 'ESRCH' });
    }
  });
});

/** A stand-in for journalctl, which writes down how it was called. */
function fakeJournal(script: string) {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  const program = join(folder, 'journalctl');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > ${folder}/arguments\n${script}\n`);
  chmodSync(program, 0o755);
  return {
    // Without startChild, which would take capabilities from the children of all other tests too.
    start: (_: readonly string[], args: readonly string[]) =>
      Bun.spawn([program, ...args], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' }),
    arguments: () => readFileSync(join(folder, 'arguments'), 'utf8').trim().split('\n'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

function entryLine(fields: Readonly<Record<string, unknown>>): string {
  const now = String(Date.now() * 1000);
  return JSON.stringify({ __REALTIME_TIMESTAMP: now, _PID: String(process.pid), ...fields }).replaceAll(
    "'",
    '',
  );
}

describe('the journal', () => {
  const own = process.pid;

  test('the newest entries of this process and boot, oldest first', async () => {
    const lines = [
      entryLine({
        MESSAGE: 'second',
        PRIORITY: '3',
        _SYSTEMD_UNIT: 'a.service',
        _COMM: 'a',
        _UID: '0',
        _GID: '5',
      }),
      entryLine({ MESSAGE: [104, 255, 105] }),
      entryLine({ MESSAGE: ['one', 'two'], PRIORITY: '99' }),
      entryLine({ MESSAGE: null }),
      entryLine({ MESSAGE: 'of another', _PID: '1' }),
      entryLine({ MESSAGE: 'of an earlier process', __REALTIME_TIMESTAMP: '1000000' }),
      'garbage {',
      '[1,2]',
      'null',
    ];
    using fake = fakeJournal(
      `cat <<'END'\n${lines.join('\n')}\nEND\necho 'Hint: you see your own only.' >&2`,
    );
    const section = await open({ journal: fake }).collectJournal(own);
    expect(section.entries.map(({ message }) => message)).toEqual(['', 'one', 'h\ufffdi', 'second']);
    expect(section.entries[3]).toMatchObject({
      priority: 3,
      unit: 'a.service',
      comm: 'a',
      uid: 0,
      gid: 5,
      pid: own,
    });
    expect(section.entries[1]!.priority).toBeUndefined();
    expect([section.isTruncated, section.notice]).toEqual([false, 'Hint: you see your own only.']);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().replaceAll('-', '');
    expect(fake.arguments()).toContain(`_PID=${own}`);
    expect(fake.arguments()).toContain(`_BOOT_ID=${boot}`);
  });

  test('more than fit: the newest stay', async () => {
    const lines = Array.from({ length: 101 }, (_, i) => entryLine({ MESSAGE: `m${i}` }));
    using fake = fakeJournal(`cat <<'END'\n${lines.join('\n')}\nEND`);
    const section = await open({ journal: fake }).collectJournal(own);
    expect([section.entries.length, section.isTruncated]).toEqual([100, true]);
    expect(section.entries.at(-1)?.message).toBe('m0');
  });

  test('output without end is cut, and its program is ended', async () => {
    const line = entryLine({ MESSAGE: 'x'.repeat(20000) });
    using fake = fakeJournal(`yes '${line}'`);
    const section = await open({ journal: fake }).collectJournal(own);
    expect(section.isTruncated).toBe(true);
    expect(section.entries.length).toBeGreaterThan(10);
    expect(section.entries[0]!.message.length).toBe(8192);
  });

  test('one line without end, and no sense in it', async () => {
    using fake = fakeJournal('yes | tr -d "\\n"');
    const section = await open({ journal: fake }).collectJournal(own);
    expect(section.entries).toEqual([]);
  });

  test('it is not waited for', async () => {
    using fake = fakeJournal('exec sleep 100');
    const journal = { ...fake, deadlineMillis: 50 };
    const started = performance.now();
    await expect(open({ journal }).collectJournal(own)).rejects.toMatchObject({ code: 'DEADLINE' });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('what journalctl complains of, and that there is none', async () => {
    using fake = fakeJournal('echo "No journal files were opened." >&2; exit 1');
    await expect(open({ journal: fake }).collectJournal(own)).rejects.toMatchObject({
      code: 'EXIT',
      message: 'No journal files were opened.',
    });
    await expect(
      open({ journal: { programs: ['/proc/nonexistent'] } }).collectJournal(own),
    ).rejects.toMatchObject({
      code: 'ENOENT',
      message: 'journalctl is not installed',
    });
  });
});
