import { beforeEach, describe, expect, test } from 'bun:test';
import { Machine } from '../../data/query/machine.fixture.ts';
import { SystemWorld } from '../../data/sample/system-world.fixture.ts';
import { LOCAL, SocktopBench } from './bench.fixture.ts';
import { demandOf } from './demand.ts';
import { hostOf } from './socktop-model.ts';

const ESCAPE = '\x1b';
let bench: SocktopBench;

beforeEach(() => {
  bench = new SocktopBench();
  const { world } = bench;
  world.addProcess(11, { name: 'postgres', residentBytes: 3 * 2 ** 30, threads: 9 });
  world.addProcess(12, { name: 'nginx', uid: 33 });
  world.addProcess(13, { name: 'sshd' });
  world.addFileSystem('/', 60e9, 100e9);
  bench.sample();
  world.pass(1, 0.25);
  world.use(11, 0.5);
  world.use(12, 0.25);
  bench.sample();
});

function names(): string[] {
  return bench.lines().flatMap((line) => /(postgres|nginx|sshd)/.exec(line)?.[1] ?? []);
}

describe('the process table', () => {
  test('shows shares of the machine, and of one core when asked', () => {
    expect(bench.text()).toMatch(/11 root +postgres .* 12\.5/);
    bench.type('I');
    expect(bench.text()).toMatch(/11 root +postgres .* 50\.0/);
  });

  test.each([
    ['1', ['postgres', 'nginx', 'sshd']],
    ['2', ['postgres', 'nginx', 'sshd']],
    ['3R', ['sshd', 'nginx', 'postgres']],
    ['4', ['nginx', 'postgres', 'sshd']],
    ['5', ['nginx', 'postgres', 'sshd']],
    ['6', ['postgres', 'nginx', 'sshd']],
    ['7R', ['sshd', 'nginx', 'postgres']],
    ['s', ['postgres', 'nginx', 'sshd']],
  ])('is sorted by the key %s', (keys, expected) => {
    bench.type(keys);
    expect(names()).toEqual(expected);
  });

  test('is sorted by a click on a header, and the other way round by another', () => {
    const { x, y } = bench.find('NAME');
    bench.click(x, y);
    expect(names()).toEqual(['nginx', 'postgres', 'sshd']);
    bench.click(x, y);
    expect(names()).toEqual(['sshd', 'postgres', 'nginx']);
    const memory = bench.find('MEM %');
    bench.click(memory.x, memory.y);
    expect(names()[0]).toBe('postgres');
  });

  test('keeps the cursor on its process, and on its place once that is gone', () => {
    bench.type('jj');
    expect(hostOf(bench.model).selection?.pid).toBe(12);
    bench.world.pass(1);
    bench.world.use(12, 0.9);
    bench.sample();
    expect(hostOf(bench.model).viewport.selected).toBe(0);
    bench.world.removeProcess(12);
    bench.sample();
    expect(hostOf(bench.model).selection?.pid).not.toBe(12);
    expect(hostOf(bench.model).viewport.selected).toBe(0);
  });

  test('takes a PID that was given to another process for another process', () => {
    bench.type('jj');
    bench.world.removeProcess(12);
    bench.world.addProcess(12, { name: 'stranger', startTicks: 999 });
    bench.world.pass(1);
    bench.sample();
    expect(bench.text()).toMatch(/12 root +stranger .* -/);
    expect(hostOf(bench.model).selection).not.toEqual({ pid: 12, startTicks: 120 });
  });

  test('is searched while one types, by name, user and PID', () => {
    bench.type('/NGI');
    expect([names(), bench.lines().at(-1)]).toEqual([['nginx'], expect.stringContaining('1 of 3')]);
    bench.type('\r');
    expect(bench.lines().at(-1)).toContain('search: NGI');
    bench.type(ESCAPE);
    expect(names()).toHaveLength(3);
    bench.type('/33\r');
    expect(names()).toEqual(['nginx']);
    bench.type('/');
    expect(names()).toHaveLength(3);
    bench.type('zzz');
    expect(bench.text()).toContain('No match for "zzz"');
    bench.type(ESCAPE);
    expect(names()).toEqual(['nginx']);
  });

  test('has a parent that the pane goes on to, and comes back from', () => {
    bench.world.addProcess(1, { name: 'init' });
    bench.sample();
    bench.type('/ngi\r\r');
    const section = bench.world.processDetail(12);
    bench.send({ kind: 'sampled', host: 0, snapshot: bench.world.snapshot({ processDetail: section }) });
    expect(bench.lines().at(-1)).toContain('P parent');
    bench.type('P');
    expect(hostOf(bench.model).pane?.target).toMatchObject({ pid: 1, name: 'init' });
    bench.type(ESCAPE);
    expect(hostOf(bench.model).pane?.target.pid).toBe(12);
  });

  test('that has exited is said to have, also where its PID is another`s by now', () => {
    bench.type('/ngi\r\r');
    const section = bench.world.processDetail(12);
    const other = { ...section, process: { ...section.process, name: 'cron', startTicks: 99_999 } };
    bench.send({ kind: 'sampled', host: 0, snapshot: bench.world.snapshot({ processDetail: other }) });
    expect(bench.lines()[1]).toContain('exited; its PID now belongs to cron');
    const errors = [{ op: 'collect process', code: 'ESRCH', message: 'no such process' }];
    const { header } = bench.world.snapshot({});
    bench.send({ kind: 'sampled', host: 0, snapshot: { header, errors } });
    expect(bench.lines()[1]).toMatch(/exited *$/);
  });

  test('is opened by two Enters: the first is for the search, the second for what it found first', () => {
    bench.type('G/ngi\r\r');
    expect(bench.model.view).toBe('process');
    expect(hostOf(bench.model).pane?.target.name).toBe('nginx');
  });

  test('has the command lines of the rows on screen, and of all while one searches', () => {
    for (let pid = 100; pid < 200; pid++) bench.world.addProcess(pid, { name: `many-${pid}` });
    bench.sample();
    const asked = () => demandOf(bench.model, 0)!.ofProcesses();
    const rows = bench.lines().filter((line) => /postgres|nginx|sshd|many-/.test(line)).length;
    const visible = asked();
    expect(visible.visiblePids).toHaveLength(rows);
    expect(visible.allCommandLines).toBeUndefined();
    bench.type('/');
    expect(asked()).toEqual({ ...visible, allCommandLines: true });
    bench.type('post\r');
    expect(asked()).toMatchObject({ visiblePids: [expect.any(Number)], allCommandLines: true });
    // Nor is it forgotten what was found while one looks at it.
    bench.type('j\r');
    expect(bench.model.view).toBe('process');
    expect(asked()).toEqual({ visiblePids: [], allCommandLines: true });
    bench.type(`${ESCAPE}${ESCAPE}`);
    expect(asked()).toEqual(visible);
    bench.type('j\r');
    expect(asked()).toEqual({ visiblePids: [] });
  });

  test('has the costly columns that are shown, and of all rows the one they are ordered by', () => {
    const wanted = () => {
      const { columns, columnsOfAll } = demandOf(bench.model, 0)!.ofProcesses();
      return [columns, columnsOfAll];
    };
    expect(wanted()).toEqual([['readBytes', 'writtenBytes'], []]);
    const { x, y } = bench.find('W/s');
    bench.click(x, y);
    expect(wanted()).toEqual([['readBytes', 'writtenBytes'], ['writtenBytes']]);
    bench.type('j\r');
    expect(wanted()).toEqual([undefined, undefined]);
  });

  test('leads to a process that stays exited once it is, whatever else is asked for', () => {
    const { world } = bench;
    bench.type('j\r');
    expect(bench.text()).toMatch(/reading the process(.*\n)*.* Threads ─(.*\n)*.*│ - /);
    const gone = { op: 'read /proc/11/stat', code: 'ESRCH', message: 'there is no such process' };
    const { machine: _, machineProcesses: __, ...rest } = world.snapshot();
    for (const errors of [[gone], [], []]) {
      bench.send({ kind: 'sampled', host: 0, snapshot: { ...rest, errors } });
      expect(bench.text()).toMatch(/PID 11 .* exited(.*\n)*.*there is no such process/);
    }
    bench.type(ESCAPE);
    bench.type('j\r');
    expect(bench.text()).not.toContain('exited');
  });

  test('scrolls by wheel and by its scrollbar', () => {
    for (let pid = 100; pid < 200; pid++) bench.world.addProcess(pid, { name: `many-${pid}` });
    bench.sample();
    const { x, y } = bench.find('postgres');
    bench.type(`\x1b[<65;${x};${y}M`);
    expect(hostOf(bench.model).viewport.offset).toBe(3);
    bench.type(`\x1b[<64;${x};${y}M`);
    expect(hostOf(bench.model).viewport.offset).toBe(0);
    const thumb = bench.find('▐');
    const bottom = thumb.y + 60;
    bench.type(`\x1b[<0;${thumb.x + 1};${thumb.y + 1}M\x1b[<32;${thumb.x + 1};${bottom}M`);
    expect(bench.text()).not.toContain('postgres');
    bench.type(`\x1b[<0;${thumb.x + 1};${bottom}m`);
    expect(bench.model.grab).toBeUndefined();
  });
});

describe('network use of processes', () => {
  let machine: Machine;
  let socket: number;

  beforeEach(() => {
    machine = new Machine();
    for (const pid of [11, 12]) machine.world.addProcess(pid);
    socket = machine.world.addSocket({ pid: 12 });
  });

  /** Another second, in which nginx sends so much over its one connection; postgres has none. */
  function pass(bytes: number): void {
    bench.world.pass(1);
    machine.world.sockets.txBytes[socket]! += bytes;
    const machineProcesses = bench.world.machineProcesses();
    const snapshot = bench.world.snapshot({ machineProcesses, network: machine.step() });
    bench.send({ kind: 'sampled', host: 0, snapshot });
  }

  test('is a column while N asks for it, and is asked for only then', () => {
    expect(bench.text()).not.toMatch(/W\/s +NET/);
    bench.type('N');
    expect(bench.effects.at(-1)).toEqual({ kind: 'demand' });
    expect(demandOf(bench.model, 0)).toMatchObject({ network: true, processesMillis: 2000 });
    pass(0);
    expect(bench.text()).toMatch(/W\/s +NET .*\n(.*\n)*.*12 33 +nginx .* - +- +- +976\.6 KB/);
    pass(5000);
    expect(bench.text()).toMatch(/nginx .* - +- +4\.9K +976\.6 KB/);
    expect(bench.text()).toMatch(/postgres .* - +- +- +3\.0 GB/);
    bench.type('N');
    expect(bench.text()).not.toMatch(/W\/s +NET/);
    expect(demandOf(bench.model, 0)?.network).toBe(false);
  });

  test('is not asked for where the table is not on screen', () => {
    bench.type('Nj\r');
    expect([bench.model.view, demandOf(bench.model, 0)?.network]).toEqual(['process', false]);
    bench.type(ESCAPE);
    expect(demandOf(bench.model, 0)?.network).toBe(true);
    bench.type('n');
    expect(demandOf(bench.model, 0)?.network).toBe(false);
    bench.type(ESCAPE);
    bench.type(' ');
    expect(demandOf(bench.model, 0)).toBeUndefined();
  });

  test('sorts by key and header; without the column nothing is sorted by it', () => {
    bench.type('8');
    expect(bench.lines().at(-1)).toContain('Network use is not counted: press N to show it.');
    bench.type('N');
    pass(0);
    pass(9000);
    bench.type('48');
    expect([names()[0], hostOf(bench.model).sort.key]).toEqual(['nginx', 'network']);
    bench.type('4');
    const { x, y } = bench.find('  NET');
    bench.click(x + 2, y);
    expect([names()[0], hostOf(bench.model).sort.key]).toEqual(['nginx', 'network']);
    bench.type('N');
    expect([names()[0], hostOf(bench.model).sort.key]).toEqual(['postgres', 'cpu']);
    bench.type('ssssssssss');
    expect(hostOf(bench.model).sort.key).not.toBe('network');
  });

  test('that a machine does not tell is unknown, and the footer says why', () => {
    bench.type('N');
    const message = 'this agent does not report network use';
    const snapshot = {
      ...bench.world.snapshot(),
      errors: [{ op: 'get_network', code: 'ENOTSUP', message }],
    };
    bench.send({ kind: 'sampled', host: 0, snapshot });
    expect(bench.lines().at(-1)).toContain(`NET: ${message}`);
    expect(bench.text()).toMatch(/nginx .* - +- +- +976\.6 KB/);
    bench.type('N');
    expect(bench.lines().at(-1)).not.toContain('NET:');
  });

  test('that only some samples tell of is that of the list it came with', () => {
    bench.type('N');
    pass(0);
    pass(9000);
    // As a recording gives it in between: the same list, without the network.
    const machineProcesses = bench.world.machineProcesses();
    const again = bench.world.snapshot({ machineProcesses });
    const told = { ...again, network: machine.step() };
    bench.send({ kind: 'sampled', host: 0, snapshot: told });
    const before = bench.text();
    expect(before).toMatch(/nginx .* - +- +[\d.]+K? +976\.6 KB/);
    bench.send({ kind: 'sampled', host: 0, snapshot: again });
    expect(bench.text()).toBe(before);
    // Another list without it has none.
    bench.sample();
    expect(bench.text()).toMatch(/nginx .* - +- +- +976\.6 KB/);
  });
});

describe('the process pane', () => {
  test('opens by Enter, is asked for, shows the process and closes by Escape', () => {
    bench.type('j\r');
    expect(demandOf(bench.model, 0)).toMatchObject({ pid: 11, detailMillis: 1000, journalMillis: 5000 });
    const { world } = bench;
    const detail = () => world.snapshot({ processDetail: world.processDetail(11) });
    bench.send({ kind: 'sampled', host: 0, snapshot: detail() });
    world.pass(1);
    world.use(11, 0.4);
    bench.send({ kind: 'sampled', host: 0, snapshot: detail() });
    const text = bench.text();
    for (const fact of ['postgres', 'PID 11', '/usr/bin/postgres --serve', 'Directory    /srv', 'worker-12'])
      expect(text).toContain(fact);
    expect(text).toContain('CPU 10.0 %');
    bench.type(ESCAPE);
    expect(bench.model.view).toBe('dashboard');
    expect(demandOf(bench.model, 0)?.pid).toBe(0);
  });

  test('opens by a second click on the row', () => {
    const { x, y } = bench.find('nginx');
    bench.click(x, y);
    expect(bench.model.view).toBe('dashboard');
    bench.click(x, y);
    expect([bench.model.view, hostOf(bench.model).pane?.target.pid]).toEqual(['process', 12]);
  });
});

describe('signals', () => {
  test('go to the process under the cursor, by its identity', () => {
    bench.type('t');
    expect(bench.lines().at(-1)).toContain('Select a process first.');
    bench.type('jt');
    expect(bench.text()).toContain('Kill 11 postgres');
    bench.type('\r');
    expect(bench.effects.at(-1)).toEqual({ kind: 'signal', host: 0, pid: 11, startTicks: 110, signal: 15 });
    bench.send({ kind: 'signalled', outcome: 'sent' });
    expect(bench.text()).toContain('SIGTERM sent.');
  });

  test('are for this machine alone', () => {
    const remote = new SocktopBench({ hosts: [{ ...LOCAL, canSignal: false }] }, bench.world);
    remote.sample();
    remote.type('jt');
    expect(remote.lines().at(-1)).toContain('only on this machine');
  });
});

describe('everywhere', () => {
  test('a hint of the footer does what its key does, and nothing where there is none', () => {
    const { x, y } = bench.find('c compact');
    bench.click(x + 4, y);
    expect(bench.model.isCompact).toBe(true);
    const help = bench.find('? help');
    bench.click(help.x, help.y);
    expect(bench.model.helpOffset).toBe(0);
    bench.click(x + 4, y);
    expect(bench.model.isCompact).toBe(true);
    bench.type(ESCAPE);
    bench.click(0, y);
    expect(bench.model).toMatchObject({ isCompact: true, view: 'dashboard' });
  });

  test('Escape clears the search, then quits', () => {
    bench.type(`/ng\r${ESCAPE}`);
    expect(bench.hasQuit).toBe(false);
    bench.type(ESCAPE);
    expect(bench.hasQuit).toBe(true);
  });

  test('a pause asks for nothing, and what comes after it does not continue what was before', () => {
    bench.type(' ');
    expect([demandOf(bench.model, 0), bench.lines()[0]]).toEqual([
      undefined,
      expect.stringContaining('PAUSED'),
    ]);
    bench.type(' ');
    bench.world.pass(600);
    bench.sample();
    expect(bench.text()).toContain('CPU - ');
  });

  test('the interval keys change both intervals in proportion', () => {
    bench.type('-');
    expect(demandOf(bench.model, 0)).toMatchObject({ metricsMillis: 1000, processesMillis: 4000 });
    bench.type('++++');
    expect(demandOf(bench.model, 0)).toMatchObject({ metricsMillis: 100, processesMillis: 400 });
  });

  test('m tells the terminal and the user whether the mouse is on, until the next key or click', () => {
    const footer = () => bench.lines().at(-1);
    bench.type('m');
    expect(footer()).toBe(' Mouse off: text can be selected.');
    const { x, y } = bench.find('nginx');
    bench.click(x, y);
    expect(footer()).toContain('Enter details');
    bench.type('m');
    expect(footer()).toBe(' Mouse on.');
    bench.type('j');
    expect(footer()).toContain('Enter details');
    expect(bench.effects.filter(({ kind }) => kind === 'set-mouse')).toEqual([
      { kind: 'set-mouse', isOn: false },
      { kind: 'set-mouse', isOn: true },
    ]);
  });

  test('m switches the one mouse, in the network views too', () => {
    const isOn = () => [bench.model.isMouseOn, hostOf(bench.model).network?.isMouseOn];
    bench.type('nm');
    expect([bench.lines().at(-1), isOn()]).toEqual([' Mouse off: text can be selected.', [false, false]]);
    bench.type(ESCAPE);
    bench.type('m');
    expect([bench.lines().at(-1), bench.model.isMouseOn]).toEqual([' Mouse on.', true]);
    bench.type('nm');
    expect([bench.lines().at(-1), isOn()]).toEqual([' Mouse off: text can be selected.', [false, false]]);
  });

  test('Enter on no process says that one is to be selected', () => {
    bench.type('\r');
    expect([bench.model.view, bench.lines().at(-1)]).toEqual(['dashboard', ' Select a process first.']);
  });

  test('the help lists every key, and says what program this is', () => {
    bench.resize(100, 70);
    bench.type('?');
    expect(bench.text()).toContain('socktop keys');
    for (const { bindings } of bench.model.keymap.groups)
      for (const { description } of bindings) expect(bench.text()).toContain(description);
    expect(bench.text()).toContain('socktop 1.2.3');
  });

  test('n opens the network views with their own keys, and Escape leaves them', () => {
    bench.type('n');
    expect(bench.lines()[0]).toContain('sstop');
    expect(demandOf(bench.model, 0)).toMatchObject({ processesMillis: Number.POSITIVE_INFINITY });
    bench.type('h');
    expect(hostOf(bench.model).network?.view).toBe('hosts');
    bench.type(ESCAPE);
    expect([bench.model.view, hostOf(bench.model).network?.view]).toEqual(['network', 'processes']);
    bench.type(ESCAPE);
    expect(bench.model.view).toBe('dashboard');
    bench.type('nn');
    expect(bench.model.view).toBe('dashboard');
  });
});

test('memory and swap of a machine without swap say so', () => {
  const world = new SystemWorld();
  world.memory = { ...world.memory!, swapTotalBytes: 0, swapUsedBytes: 0 };
  const other = new SocktopBench({}, world);
  other.sample();
  expect(other.text()).toMatch(/swap .* none +-/);
});

describe('one row per program, user, container or unit', () => {
  const view = () => {
    const { groupBy, members } = hostOf(bench.model);
    return [groupBy, members?.name];
  };
  /** Without the title, which names the row. */
  const rowNames = (): string[] => names().slice(1);

  test('p goes round and comes back to the processes', () => {
    bench.world.addProcess(14, { name: 'nginx', uid: 33, threads: 4 });
    bench.sample();
    expect(bench.text()).not.toContain(' by ');
    bench.type('p');
    expect(bench.text()).toMatch(/Processes 4 by program /);
    expect(bench.text()).toMatch(/PROGRAM +PROCS .*CPU %/);
    expect(bench.text()).toMatch(/nginx +2 +5 /);
    bench.type('p');
    expect(bench.text()).toMatch(/Processes 4 by user /);
    bench.type('pp');
    expect(view()).toEqual(['unit', undefined]);
    bench.type('p');
    expect([view(), bench.text().includes(' by ')]).toEqual([[undefined, undefined], false]);
  });

  test('Enter shows the processes of a row, Escape leads back to it, and from it to all processes', () => {
    bench.type('pj\r');
    expect([view(), rowNames()]).toEqual([['program', 'postgres'], ['postgres']]);
    expect(bench.text()).toMatch(/Processes 1 of 3 · program postgres /);
    bench.type('j\r');
    expect(bench.model.view).toBe('process');
    bench.type(ESCAPE + ESCAPE);
    expect(view()).toEqual(['program', undefined]);
    expect(bench.text()).toMatch(/▸ *postgres +1/);
    bench.type(ESCAPE);
    expect([view(), names()]).toEqual([
      [undefined, undefined],
      ['postgres', 'nginx', 'sshd'],
    ]);
    expect(bench.hasQuit).toBe(false);
  });

  test('a click on a row selects it, another opens it; a click on a title sorts', () => {
    bench.type('p');
    const { x, y } = bench.find('sshd');
    bench.click(x, y);
    bench.click(x, y);
    expect([view(), rowNames()]).toEqual([['program', 'sshd'], ['sshd']]);
    bench.type('p');
    const title = bench.find('PROGRAM');
    bench.click(title.x, title.y);
    expect(names()).toEqual(['nginx', 'postgres', 'sshd']);
  });

  test('a search sums what it finds, and Escape clears it first', () => {
    bench.type('p/ngi\r');
    expect(names()).toEqual(['nginx']);
    expect(bench.text()).toMatch(/Processes 1 of 3 by program /);
    bench.type('\r');
    expect(view()).toEqual(['program', 'nginx']);
    bench.type(ESCAPE);
    expect(view()).toEqual(['program', undefined]);
    bench.type(ESCAPE);
    expect([names().length, view()]).toEqual([3, ['program', undefined]]);
  });

  test('there is no process to signal, and what sums show is asked of all processes', () => {
    bench.type('j');
    bench.type('pjt');
    expect(bench.model.kill).toBeUndefined();
    expect(demandOf(bench.model, 0)!.ofProcesses()).toEqual({
      visiblePids: [],
      columnsOfAll: ['readBytes', 'writtenBytes'],
    });
    bench.type('pp');
    expect(demandOf(bench.model, 0)!.ofProcesses()).toMatchObject({ cgroups: true });
  });

  test('the network use of a row is that of its processes, and the table may be ordered by it', () => {
    bench.type('pN');
    expect(bench.text()).toMatch(/NET +MEM|CPU % .*NET/);
    bench.type('8');
    expect(hostOf(bench.model).grouped.sort.key).toBe('network');
    bench.type('N');
    expect(hostOf(bench.model).grouped.sort.key).toBe('cpu');
  });

  test('starts with it where it was asked for', () => {
    bench = new SocktopBench({ groupBy: 'user' }, bench.world);
    bench.sample();
    expect(bench.text()).toMatch(/Processes 3 by user /);
  });
});

describe('units of network rates', () => {
  test('b shows bits on the dashboard, in the NET column and on the network views, and remembers them', () => {
    expect(bench.text()).toMatch(/Download · eth0 .* B\/s/);
    bench.type('Nb');
    expect(bench.text()).toMatch(/Download · eth0 .* bit\/s/);
    expect(bench.text()).toMatch(/ NET b /);
    expect(bench.effects).toContainEqual({ kind: 'remember-units', units: 'bits' });
    bench.type('n');
    expect(hostOf(bench.model).network?.units).toBe('bits');
    bench.type('b');
    bench.type(ESCAPE);
    expect([bench.model.units, bench.model.view]).toEqual(['bytes', 'dashboard']);
  });

  test('in the pane a note says where they are seen', () => {
    bench.type('j\rb');
    expect(bench.lines().at(-1)).toContain('Network rates in bits: the dashboard shows them.');
  });
});

describe('columns by key', () => {
  const head = (): string =>
    bench.lines().find((line) => line.includes('CPU % ') && line.includes(' PID')) ?? '';

  test('Space shows and hides, arrows move, Escape closes, and all of it at once', () => {
    bench.type('C');
    expect(bench.text()).toMatch(/▸\[x\] PID +process ID/);
    bench.type('j ');
    bench.type('\x1b');
    expect(bench.model.picker).toBeUndefined();
    expect(bench.text()).toMatch(/ PID +NAME +S +THR/);
    // PID to the right of the name, and an optional column on.
    bench.type('C');
    bench.type('\x1b[C');
    bench.type('jjjjjjjjjjjjjjj');
    const last = bench.model.picker!.columns.at(-1)!.id;
    bench.type('\r');
    expect(head()).toMatch(/NAME .* PID +S /);
    expect(bench.model.columns).toEqual(['name', 'pid', ...bench.model.columns.slice(2)]);
    expect(bench.model.columns).not.toContain(last);
  });

  test('the name stays; an order by a column that goes is one by CPU', () => {
    bench.type('C');
    for (let i = 0; i < 20; i++) bench.type(' j');
    bench.type('\x1b');
    expect(bench.model.columns.filter((id) => id === 'name')).toEqual(['name']);
    expect(hostOf(bench.model).sort.key).toBe('cpu');
  });

  test('a click toggles a column, one beside the list closes it', () => {
    bench.type('C');
    const { x, y } = bench.find('[x] USER');
    bench.click(x, y);
    expect(bench.model.columns).not.toContain('user');
    bench.click(0, 0);
    expect(bench.model.picker).toBeUndefined();
  });

  test('keys of the table are not taken while it is open', () => {
    bench.type('Cn');
    expect([bench.model.view, bench.model.picker === undefined]).toEqual(['dashboard', false]);
  });
});

test('--sort is the order at the start, of sums too', () => {
  bench = new SocktopBench({ sort: 'memory' }, bench.world);
  expect(bench.lines().join('\n')).toMatch(/▾MEM .*CPU %/);
  bench.type('p');
  expect(bench.lines().join('\n')).toMatch(/PROGRAM .*▾MEM .*CPU %/);
});
