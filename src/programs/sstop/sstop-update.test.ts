import { beforeEach, describe, expect, test } from 'bun:test';
import { Bench } from './bench.fixture.ts';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

describe('order and cursor', () => {
  test('the largest rate stands first; the keys change column and direction', () => {
    expect(bench.pids()).toEqual([15, 14, 13, 12, 11]);
    bench.type('4');
    expect(bench.pids()).toEqual([11, 12, 13, 14, 15]);
    bench.type('r');
    expect(bench.pids()).toEqual([15, 14, 13, 12, 11]);
  });

  test('s goes through the six modes and comes back', () => {
    const seen = Array.from({ length: 6 }, () => {
      bench.type('s');
      return bench.state.sort.key;
    });
    expect(seen).toEqual(['download', 'upload', 'pid', 'name', 'connections', 'rate']);
  });

  test('the cursor follows its process when the order changes', () => {
    bench.type('jj');
    expect(bench.selectedPid()).toBe(14);
    bench.sample(900_000, 800_000, 0, 0, 0);
    expect(bench.pids().slice(0, 2)).toEqual([11, 12]);
    expect(bench.selectedPid()).toBe(14);
  });

  test('when the process is gone the cursor keeps its place', () => {
    bench.type('jj');
    bench.world.close(bench.slots[3]!);
    bench.sample(0, 0, 0);
    bench.world.removeProcess(14);
    for (let i = 0; i < 3; i++) bench.sample(0, 0, 0);
    expect(bench.pids()).not.toContain(14);
    expect(bench.state.viewport.selected).toBe(1);
    expect(bench.selectedPid()).toBe(bench.pids()[1]);
  });

  test('G and g reach the ends', () => {
    bench.type('G');
    expect(bench.selectedPid()).toBe(11);
    bench.type('g');
    expect(bench.selectedPid()).toBe(15);
  });
});

describe('filter', () => {
  test('narrows while typing, Enter keeps it, Escape takes it away', () => {
    bench.type('/process-1');
    expect(bench.pids()).toHaveLength(5);
    bench.type('3');
    expect(bench.pids()).toEqual([13]);
    expect(bench.lines().at(-1)).toMatch(/\/ process-13 .*1 of 5/);
    bench.type('\r');
    expect(bench.pids()).toEqual([13]);
    bench.type('\x1b');
    expect(bench.pids()).toHaveLength(5);
  });

  test('Escape in the prompt brings back what was there before', () => {
    bench.type('/13\r');
    bench.type('/999');
    expect(bench.pids()).toEqual([]);
    bench.type('\x1b');
    expect(bench.pids()).toEqual([13]);
  });

  test('the cursor comes back to its row whatever was typed on the way, or to the one that is clicked', () => {
    bench.type('jj');
    expect(bench.selectedPid()).toBe(14);
    bench.type('/13');
    expect(bench.selectedPid()).toBe(13);
    bench.type('\x1b');
    expect(bench.selectedPid()).toBe(14);
    bench.type('/13\x7f');
    expect(bench.selectedPid()).toBe(14);
    bench.type('\x7fprocess');
    const y = bench.lines().findIndex((line) => line.includes('process-12'));
    bench.type(`\x1b[<0;20;${y + 1}M`);
    bench.type('-15');
    expect(bench.selectedPid()).toBe(15);
    bench.type('\x1b');
    expect(bench.selectedPid()).toBe(12);
  });

  test('a click that opens a row closes the prompt', () => {
    bench.type('jj/process');
    const y = bench.lines().findIndex((line) => line.startsWith('▸'));
    bench.type(`\x1b[<0;20;${y + 1}M`);
    expect([bench.model.view, bench.model.prompt]).toEqual(['detail', undefined]);
    bench.type('\x1b');
    expect([bench.model.view, bench.state.filterText]).toEqual(['processes', 'process']);
  });

  test('keys typed into the prompt do nothing else', () => {
    bench.type('/q');
    expect(bench.hasQuit).toBe(false);
    expect(bench.state.filterText).toBe('q');
  });

  test('a paste goes into the prompt, and nowhere without one', () => {
    bench.type('\x1b[200~12\x1b[201~');
    expect(bench.state.filterText).toBe('');
    bench.type('/\x1b[200~12\x1b[201~');
    expect(bench.pids()).toEqual([12]);
  });
});

describe('pause', () => {
  test('freezes rows and figures while samples go on, and resume shows the newest', () => {
    bench.type(' ');
    const before = bench.lines().slice(2);
    bench.sample(9_000_000, 0, 0, 0, 0);
    expect(bench.lines().slice(2)).toEqual(before);
    expect(bench.lines()[0]).toContain('PAUSED');
    bench.type(' ');
    expect(bench.lines()[0]).not.toContain('PAUSED');
    expect(bench.pids()[0]).toBe(11);
  });

  test('sorting and filtering work on what is frozen', () => {
    bench.type(' ');
    bench.sample(9_000_000, 0, 0, 0, 0);
    bench.type('4');
    expect(bench.pids()).toEqual([11, 12, 13, 14, 15]);
    bench.type('1');
    expect(bench.pids()[0]).toBe(15);
  });

  test('during a collection the copy waits for its sample', () => {
    const { live } = bench.model;
    bench.model = {
      ...bench.model,
      live: { ...live!, isStable: false },
      shown: { ...live!, isStable: false },
    };
    bench.model = { ...bench.model, shown: bench.model.live };
    bench.type(' ');
    expect(bench.model.shown).toBe(bench.model.live);
    bench.sample(0, 0, 0, 0, 0);
    expect(bench.model.shown).not.toBe(bench.model.live);
    const { shown } = bench.model;
    bench.sample(0, 0, 0, 0, 0);
    expect(bench.model.shown).toBe(shown);
  });
});

test('an export during a collection waits for its sample, or for its failure', () => {
  const exports = (): number => bench.effects.filter(({ kind }) => kind === 'export').length;
  bench.type('e');
  expect(exports()).toBe(1);
  for (const [at, end] of [
    () => bench.sample(0, 0, 0, 0, 0),
    () => bench.send({ kind: 'failed', message: 'nothing' }),
  ].entries()) {
    bench.model = { ...bench.model, shown: { ...bench.model.live!, isStable: false } };
    bench.type('e');
    expect(exports()).toBe(at + 1);
    end();
    expect(exports()).toBe(at + 2);
  }
});

describe('views', () => {
  test('h, l and D open their view, the same key or Escape leads back', () => {
    bench.type('h');
    expect(bench.lines()[0]).toContain('Remote hosts');
    expect(bench.lines().join('\n')).toContain('192.0.2.1');
    bench.type('l');
    expect(bench.lines()[0]).toContain('Listening ports');
    bench.type('\x1b');
    expect(bench.model.view).toBe('hosts');
    bench.type('h');
    expect(bench.model.view).toBe('processes');
    bench.type('D');
    expect(bench.lines()[0]).toContain('Groups');
    bench.type('\x1b');
    expect(bench.model.view).toBe('processes');
  });

  test('Enter opens the detail of the selected process, with its connections and growing charts', () => {
    bench.type('j\r');
    const text = bench.lines().join('\n');
    expect(text).toContain('process-15  PID 15');
    expect(text).toContain('/usr/bin/program-15 --serve');
    expect(text).toMatch(/TCP +10\.0\.0\.5:40.* 192\.0\.2\.1:443 +ESTAB/);
    bench.sample(0, 0, 0, 0, 7000);
    expect(bench.model.workspace.histories.shown.count).toBe(2);
    bench.type('\x1b');
    expect(bench.model.view).toBe('processes');
    expect(bench.selectedPid()).toBe(15);
  });

  test('Enter on a host filters the processes that talk to it', () => {
    bench.type('hj\r');
    expect(bench.model.view).toBe('processes');
    expect(bench.state.filterText).toBe('host:192.0.2.1');
    expect(bench.pids()).toHaveLength(5);
  });

  test('Enter on nothing says what is to be selected, until the next key or click', () => {
    const wanted = { '': 'process', h: 'host', l: 'port', D: 'group' };
    bench.world.addListener(80, { pid: 11 });
    bench.sample(0, 0, 0, 0, 0);
    for (const [key, what] of Object.entries(wanted)) {
      bench.type(`${key}\r`);
      expect(bench.lines().at(-1)).toBe(` Select a ${what} first.`);
      bench.type('j');
      expect(bench.lines().at(-1)).toContain('Enter open');
    }
    for (const key of ['\x1b', '\x1b', '\x1b', '\x1b', '\r']) bench.type(key);
    expect(bench.lines().at(-1)).toBe(' Select a process first.');
    bench.type('\x1b[<0;20;6M');
    expect(bench.lines().at(-1)).toContain('Enter open');
  });

  test('a click on the selected row opens it', () => {
    const y = bench.lines().findIndex((line) => line.includes('process-13')) + 1;
    const click = `\x1b[<0;20;${y}M\x1b[<0;20;${y}m`;
    bench.type(click);
    expect(bench.model.view).toBe('processes');
    bench.type(click);
    expect(bench.lines().join('\n')).toContain('process-13  PID 13');
  });

  test('t puts processes below their parents and back', () => {
    const { processes } = bench.world;
    bench.world.addProcess(16, { name: 'process-16' });
    processes.ppid[processes.find(16)] = 15;
    bench.world.addSocket({ pid: 16, localPort: 40_016 });
    bench.sample(0, 0, 0, 0, 5000);
    bench.type('t');
    expect(bench.lines().join('\n')).toMatch(/15 user.* process-15[^\n]*\n +16 user.* └─process-16/);
    bench.type('jj');
    expect(bench.selectedPid()).toBe(16);
    bench.type('t');
    expect(bench.selectedPid()).toBe(16);
  });

  test('c shows bytes since start and back, the order going along', () => {
    bench.type('2c');
    expect(bench.state.sort.key).toBe('download-total');
    expect(bench.lines().join('\n')).toContain('UP TOTAL');
    bench.type('c');
    expect(bench.state.sort.key).toBe('download');
  });
});

describe('kill', () => {
  test('sends the chosen signal to the process by PID and start time, and shows what came of it', () => {
    bench.type('jK');
    expect(bench.lines().join('\n')).toContain('Kill 15 process-15');
    bench.type('j\r');
    expect(bench.effects).toEqual([{ kind: 'signal', pid: 15, startTicks: 150, signal: 9 }]);
    bench.send({ kind: 'signalled', outcome: 'identity-changed' });
    expect(bench.lines().join('\n')).toContain('the PID was reused');
    bench.type('\x1b');
    expect(bench.model.kill).toBeUndefined();
  });

  test('is not offered where no signal can be sent', () => {
    const footer = () => bench.lines().at(-1)!;
    bench.send(bench.program.resized(bench.model, 120, 24));
    expect(footer()).toContain('K kill');
    bench.model = { ...bench.model, canSignal: false };
    for (const keys of ['', 'l', '\x1b', 'j\r']) {
      bench.type(keys);
      expect(footer()).not.toContain('K kill');
    }
    bench.type('K');
    expect(footer()).toContain('only on this machine');
  });

  test('asks once more before it harms itself or PID 1', () => {
    bench.model = { ...bench.model, ownPid: 15 };
    bench.type('jK\r');
    expect(bench.effects).toEqual([]);
    expect(bench.lines().join('\n')).toContain('sstop itself: Enter again sends SIGTERM');
    bench.type('\r');
    expect(bench.effects).toEqual([{ kind: 'signal', pid: 15, startTicks: 150, signal: 15 }]);
  });

  test('without a process under the cursor it says so', () => {
    bench.type('K');
    expect(bench.model.kill).toBeUndefined();
    expect(bench.lines().at(-1)).toContain('Select a process first');
  });
});

describe('alert', () => {
  test('rings once per crossing, counts in the header, and can be cleared', () => {
    bench.type('A4K\r');
    expect(bench.model.alertBytesPerSecond).toBe(4096);
    bench.sample(0, 0, 0, 0, 900_000);
    bench.sample(0, 0, 0, 0, 900_000);
    expect(bench.effects.filter(({ kind }) => kind === 'alarm')).toEqual([{ kind: 'alarm', round: 1 }]);
    expect(bench.lines()[0]).toContain('1 alert');
    bench.type('A\x15\r');
    expect(bench.model.alertBytesPerSecond).toBeUndefined();
    expect(bench.lines()[0]).not.toContain('alert');
  });

  test('what is no rate is told and keeps the prompt open', () => {
    bench.type('Asoon\r');
    expect(bench.model.prompt?.error?.message).toContain('accepted');
    expect(bench.model.alertBytesPerSecond).toBeUndefined();
  });
});

test('the filter’s history comes back with the up arrow', () => {
  bench.type('/13\r');
  bench.type('/\x1514\r');
  bench.type('/\x15\x1b[A');
  expect(bench.model.prompt?.input.text).toBe('14');
  bench.type('\x1b[A');
  expect(bench.model.prompt?.input.text).toBe('13');
  bench.type('\x1b[B\x1b[B');
  expect(bench.model.prompt?.input.text).toBe('');
});

describe('the rest', () => {
  test('faster and slower change the interval and tell the sampler', () => {
    bench.type('+-');
    expect(bench.effects).toEqual([
      { kind: 'set-interval', intervalMillis: 500 },
      { kind: 'set-interval', intervalMillis: 1000 },
    ]);
  });

  test('m tells the terminal and the user whether the mouse is on', () => {
    bench.type('m');
    expect(bench.lines().at(-1)).toBe(' Mouse off: text can be selected.');
    bench.type('m');
    expect(bench.lines().at(-1)).toBe(' Mouse on.');
    expect(bench.effects).toEqual([
      { kind: 'set-mouse', isOn: false },
      { kind: 'set-mouse', isOn: true },
    ]);
  });

  test('Tab goes through the interfaces, Shift+Tab back and narrows the rows', () => {
    bench.type('\t');
    expect(bench.model.scope.interfaceIndex).toBe(1);
    expect(bench.pids()).toEqual([]);
    bench.type('\t');
    expect(bench.model.scope.interfaceIndex).toBe(2);
    expect(bench.pids()).toHaveLength(5);
    bench.type('\t');
    expect(bench.model.scope.interfaceIndex).toBeUndefined();
    bench.type('\x1b[Z');
    expect(bench.model.scope.interfaceIndex).toBe(2);
  });

  test.each([40, 80, 200])('the header of %i columns says which interface the figures are of', (width) => {
    bench.send(bench.program.resized(bench.model, width, 24));
    expect(bench.lines()[0]).not.toContain('only');
    bench.type('\t');
    expect(bench.lines()[0]).toContain(' only lo ');
    bench.type('\th');
    expect(bench.lines()[0]).toContain(' only eth0 ');
    bench.type('\t');
    expect(bench.lines()[0]).not.toContain('only');
  });

  test('an open help takes the arrows and Escape, and q still quits', () => {
    bench.type('?');
    expect(bench.lines().join('\n')).toContain('sstop keys');
    bench.type('j');
    expect(bench.model.helpOffset).toBe(1);
    bench.type('\x1b');
    expect(bench.model.helpOffset).toBeUndefined();
    bench.type('?\r');
    expect([bench.model.helpOffset, bench.model.view]).toEqual([undefined, 'processes']);
    bench.type('\x1bOP');
    expect(bench.model.helpOffset).toBe(0);
    bench.type('l');
    expect([bench.model.helpOffset, bench.model.view]).toEqual([undefined, 'listen']);
    bench.type('??');
    expect(bench.model.helpOffset).toBeUndefined();
    bench.type('?q');
    expect(bench.hasQuit).toBe(true);
  });

  test('a click selects, a header sorts, the wheel moves the cursor where all rows fit', () => {
    const header = bench.lines().findIndex((line) => line.includes('PROCESS'));
    bench.type(`\x1b[<0;20;${header + 3}M\x1b[<0;20;${header + 3}m`);
    expect(bench.selectedPid()).toBe(14);
    const x = bench.lines()[header]!.indexOf('PID') + 1;
    bench.type(`\x1b[<0;${x};${header + 1}M`);
    expect(bench.state.sort).toEqual({ key: 'pid', isReversed: false });
    bench.type(`\x1b[<0;${x};${header + 1}M`);
    expect(bench.state.sort).toEqual({ key: 'pid', isReversed: true });
    const selected = bench.state.viewport.selected;
    bench.type(`\x1b[<64;${x};${header + 3}M`);
    expect(bench.state.viewport).toEqual({ offset: 0, selected: selected - 1 });
    bench.type(`\x1b[<65;${x};${header + 3}M`);
    expect(bench.state.viewport).toEqual({ offset: 0, selected });
  });

  test('every size is painted without a word, down to nothing', () => {
    for (const [width, height] of [
      [0, 0],
      [1, 1],
      [39, 9],
      [40, 10],
      [80, 24],
      [300, 100],
    ] as const) {
      bench.send(bench.program.resized(bench.model, width, height));
      expect(bench.lines()).toHaveLength(height);
    }
  });
});

describe('one row per program, user, container or unit', () => {
  const screen = (): string => bench.lines().join('\n');

  test('p goes round and comes back to the processes', () => {
    bench.type('ppppp');
    expect([bench.model.view, bench.model.groupBy, bench.model.back]).toEqual(['processes', undefined, []]);
    bench.type('pp');
    expect(screen()).toMatch(/user-1000 +5 .* 5$/m);
  });

  test('Enter shows the members of a row, Escape leads back to it, and from it to the processes', () => {
    bench.type('pgj\r');
    expect(bench.pids()).toEqual([14]);
    expect(bench.state.filterText).toBe('program=process-14');
    expect(bench.lines().at(-1)).toContain('Esc by program');
    bench.type('\x1b');
    expect([bench.model.view, bench.state.selection === undefined]).toEqual(['grouped', false]);
    expect(screen()).toMatch(/▸process-14 /);
    bench.type('\x1b');
    expect([bench.model.view, bench.model.groupBy, bench.state.filterText]).toEqual([
      'processes',
      undefined,
      '',
    ]);
  });

  test('from the members p leads back to the row, and a filter of one own is cleared first', () => {
    bench.type('pg\rp');
    expect([bench.model.view, bench.model.groupBy]).toEqual(['grouped', 'program']);
    bench.type('\r/ process\r');
    expect(bench.state.filterText).toBe('program=process-15 process');
    bench.type('\x1b');
    expect([bench.model.view, bench.state.filterText]).toEqual(['processes', '']);
    bench.type('\x1b');
    expect(bench.model.view).toBe('grouped');
  });

  test('the filter goes along, and narrows the members', () => {
    bench.type('/pid<14\rpp');
    expect(screen()).toMatch(/user-1000 +3 /);
    bench.type('g\r');
    expect(bench.pids()).toEqual([13, 12, 11]);
    bench.type('\x1b');
    expect([bench.model.view, bench.state.filterText]).toEqual(['grouped', 'pid<14']);
    bench.type('ppp');
    expect([bench.model.view, bench.state.filterText]).toEqual(['processes', 'pid<14']);
  });

  test('a click opens the selected row, and totals stand in place of rates', () => {
    bench.type('c');
    bench.type('p');
    expect(screen()).toMatch(/UP TOTAL +▾?DN TOTAL/);
    expect(bench.state.sort.key).toBe('total');
  });

  test('other views lead back to it', () => {
    bench.type('ph');
    expect(bench.model.view).toBe('hosts');
    bench.type('h');
    expect(bench.model.view).toBe('grouped');
  });
});

describe('ports of a process', () => {
  beforeEach(() => {
    for (const port of [80, 443, 8080]) bench.world.addListener(port, { pid: 15 });
    bench.sample(0, 0, 0, 0, 0);
    bench.type('g\r');
  });

  test('Enter in its detail lists all of them, Escape leads back', () => {
    expect(bench.lines().at(-1)).toContain('Enter ports');
    bench.type('\r');
    expect([bench.model.view, bench.state.filterText]).toEqual(['listen', 'pid:15']);
    expect(bench.lines().filter((line) => /^.TCP +0\.0\.0\.0:/.test(line))).toHaveLength(3);
    expect(bench.lines().at(-1)).toContain('Esc process');
    bench.type('\x1b');
    expect(bench.model.view).toBe('detail');
    bench.type('\x1b');
    expect(bench.model.view).toBe('processes');
  });

  test('a click on their line does the same', () => {
    const y = bench.lines().findIndex((line) => line.startsWith(' Listening'));
    bench.type(`\x1b[<0;5;${y + 1}M`);
    expect(bench.model.view).toBe('listen');
  });

  test('a process without ports has none to list', () => {
    bench.type('\x1b');
    bench.type('j\r\r');
    expect(bench.model.view).toBe('detail');
    expect(bench.lines().at(-1)).toContain('No listening port of this process is known.');
  });
});
