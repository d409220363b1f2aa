import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENTRY_POLICY } from './entry-policy.ts';
import { MACHINE_CODE } from './machine-code.ts';
import { sealExecutable, sealImage } from './seal.ts';

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const isRoot = process.geteuid?.() === 0;
const hasSetcap = Bun.which('setcap') !== null;
const PROGRAM = 'process.stdout.write(JSON.stringify([Object.entries(process.env), process.argv.slice(2)]));';
const ADDED = ENTRY_POLICY.add.map((text) => text.split('='));

let folder = '';
let sealed = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'seal-'));
  chmodSync(folder, 0o755);
  const source = join(folder, 'program.ts');
  sealed = join(folder, 'program');
  writeFileSync(source, PROGRAM);
  const run = Bun.spawnSync([process.execPath, 'build', '--compile', source, '--outfile', sealed]);
  expect(run.exitCode).toBe(0);
  sealExecutable(sealed);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Environment and arguments as the program has them; with an environment of exactly these variables. */
function start(
  variables: Record<string, string>,
  args: readonly string[] = [],
  prefix: readonly string[] = [],
) {
  const run = Bun.spawnSync([...prefix, sealed, ...args], { env: variables });
  expect([run.exitCode, run.stderr.toString()]).toEqual([0, '']);
  const [environment, received]: [[string, string][], string[]] = JSON.parse(run.stdout.toString());
  return { environment, received };
}

describe('the machine code', () => {
  const assemblers = [
    { name: 'x64', assembler: ['as', '--64'], objcopy: 'objcopy', isHere: process.arch === 'x64' },
    {
      name: 'arm64',
      assembler: ['aarch64-linux-gnu-as'],
      objcopy: 'aarch64-linux-gnu-objcopy',
      isHere: true,
    },
  ] as const;
  for (const { name, assembler, objcopy, isHere } of assemblers) {
    const canAssemble = isHere && Bun.which(assembler[0]) !== null;
    test.skipIf(!canAssemble)(`is what ${name}.s says (needs ${assembler[0]})`, () => {
      const source = fileURLToPath(new URL(`${name}.s`, import.meta.url));
      const [object, code] = [join(folder, `${name}.o`), join(folder, `${name}.bin`)];
      expect(Bun.spawnSync([...assembler, '-o', object, source]).exitCode).toBe(0);
      expect(Bun.spawnSync([objcopy, '-O', 'binary', '-j', '.text', object, code]).exitCode).toBe(0);
      expect(readFileSync(code).toString('base64')).toBe(MACHINE_CODE[name]);
    });
  }
});

describe('a sealed executable', () => {
  test('loses the variables of the runtime, keeps all others in their order, and has the settings', () => {
    const mine = { A: '1', EMPTY: '', BUNNY: 'x', NODE: 'x', PATH: '/bin', Z: 'a=b' };
    const theirs = {
      BUN_OPTIONS: '--x',
      BUN_: '',
      JSC_useJIT: '0',
      NODE_OPTIONS: '-r x',
      BUN_JSC_useJIT: '0',
    };
    const { environment } = start({ ...theirs, ...mine, BUN_GC_TIMER_DISABLE: '0', MallocHelp: '1' });
    expect(environment).toEqual([...Object.entries(mine), ...ADDED] as [string, string][]);
  });

  test('has its arguments, with no variable at all and with ten thousand', () => {
    const args = ['', 'b c', '--', 'x'.repeat(100_000)];
    expect(start({}, args).received).toEqual(args);
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`V${at}`, `${at}`]));
    expect(start(many, args)).toEqual({
      environment: [...Object.entries(many), ...ADDED] as [string, string][],
      received: args,
    });
  });

  test.skipIf(!isRoot || !hasSetcap)(
    'keeps only what it reads at a privileged start (needs root, setcap)',
    () => {
      const kept = { PATH: '/bin', LC_ALL: 'C', SSTOP_X: '1', SOCKTOP_TOKEN: 't', HOME: '/' };
      const removed = {
        PATHX: '1',
        LC: 'x',
        XDG_CACHE_HOME: '/',
        LSQUIC_LOG_SECRETS: '1',
        LD_X: '1',
        HOM: '',
      };
      const variables = { ...removed, BUN_INSPECT_PRELOAD: '/etc/passwd', ...kept };
      expect(start(variables, [], NOBODY).environment.map(([name]) => name)).toContain('XDG_CACHE_HOME');
      expect(Bun.spawnSync(['setcap', 'cap_net_raw=ep', sealed]).success).toBe(true);
      try {
        const { environment } = start(variables, ['x'], NOBODY);
        expect(environment).toEqual([...Object.entries(kept), ...ADDED] as [string, string][]);
      } finally {
        Bun.spawnSync(['setcap', '-r', sealed]);
      }
    },
  );
});

describe('sealImage refuses', () => {
  const header = (machine: number): Uint8Array => {
    const bytes = new Uint8Array(4096);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
    bytes[18] = machine;
    return bytes;
  };

  test.each([
    ['what is no ELF file', new TextEncoder().encode('MZ'.repeat(100)), 'not a 64-bit ELF'],
    ['a processor without a stub', header(3), 'ELF machine 3'],
    ['a file without a note', header(62), 'no PT_NOTE'],
  ])('%s', (_, image, expected) => {
    expect(() => sealImage(image, ENTRY_POLICY)).toThrow(expected);
  });

  test('a file that does not define environ', () => {
    const image = header(62);
    const view = new DataView(image.buffer);
    view.setBigUint64(32, 64n, true);
    view.setUint16(56, 1, true);
    view.setUint32(64, 4, true);
    expect(() => sealImage(image, ENTRY_POLICY)).toThrow('does not define environ');
  });
});

const isRootWithUnshare = isRoot && Bun.which('unshare') !== null;
const emulator = process.arch === 'x64' ? Bun.which('qemu-x86_64-static') : null;

describe('what the runtime cannot do without is missed in one line', () => {
  const refusalOf = (...command: readonly string[]) => {
    const run = Bun.spawnSync([...command], { env: { PATH: process.env['PATH'] } });
    return [run.exitCode, run.stdout.toString(), run.stderr.toString()];
  };
  const needed = 'sstop, socktop and socktop-agent cannot run without';

  test.skipIf(!isRootWithUnshare)('/proc (needs root and unshare)', () => {
    const script = 'umount -l /proc && exec "$0"';
    expect(refusalOf('unshare', '--mount', '--propagation=private', 'sh', '-c', script, sealed)).toEqual([
      ...[1, '', `/proc is not mounted: ${needed} it\n`],
    ]);
  });

  test.skipIf(emulator === null)('SSE4.2 and POPCNT (needs qemu-x86_64-static)', () => {
    expect(refusalOf(emulator!, '-cpu', 'Conroe', sealed)).toEqual([
      ...[1, '', `this processor lacks SSE4.2 or POPCNT: ${needed} them\n`],
    ]);
  });
});
