import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENT = 'docs/ARCHITECTURE.md';
const TOPS = ['bin', 'platforms', 'src', 'bench'];
/** Not the code of the programs or tools: tests and what they need, and what a program has written. */
const BESIDE = /\.test\.ts$|fixture|testing\/|testdata|generated/;
/** Not the programs' own. */
const TOOLS = /^(bench|bin\/dev)\b/;
const MARKED = /^<!-- source tree -->\n(?:.*\n)*?<!-- end -->$/m;

/** What is in each folder. Those below `bench/` have the names of what they measure, and stand in its line. */
const WORDS: Readonly<Record<string, string>> = {
  bin: 'the entry points of the three programs, which give them this machine (`platforms`) and others (`remote`); the end-to-end tests of the executables',
  'bin/dev': "the project's own tools: build, check, test runner, documents made from code",
  'bin/dev/entry-stub': 'the code that an executable runs before the runtime, and its sealing',
  'bin/dev/macho': 'signatures of executables for macOS',
  'bin/dev/manual': 'the manual pages: options from the command lines, the rest written by hand',
  'bin/dev/release': 'archives, packages, bills of materials, with `bin/dev/compile.ts` for any target',
  'bin/dev/tidy': 'the rules of the house',
  platforms:
    '`index.ts` is the only door to what stands below: from the name of the operating system to its `System` and, on Linux and macOS, to a `Platform`; `system.ts`: the systems that a client runs on; outputs of programs and names of users, for both',
  'platforms/darwin':
    'macOS: `commands.ts`, the only door to its programs, and `system-library.ts`, the only one to its C library; one parser per output and list, and collectors over them; its tiers are in `socket-sources.ts`',
  'platforms/linux':
    '`libc.ts`, the only door to the C library: typed system calls on buffers that the kernel fills; privileges, clocks, programs beside this one',
  'platforms/linux/bpf':
    "programs for the kernel: an assembler, loading with the verifier's words, maps read in batches, links, the kernel's types; accounting per socket and process, lists of processes, their ends",
  'platforms/linux/doctor': 'what `--doctor` examines and says',
  'platforms/linux/guarded': 'the process beside that asks file systems and drives, and who asks it',
  'platforms/linux/machine':
    'CPU, memory, sensors, disks, GPUs, interfaces: one collector each, and the machine as a whole',
  'platforms/linux/names':
    'names that processes use for remote hosts: DNS answers, ClientHello, HTTP and QUIC',
  'platforms/linux/netlink': 'messages of sock_diag: reading apart from parsing, and every length checked',
  'platforms/linux/network': 'the network as a whole: which tier counts it',
  'platforms/linux/nvml': "NVIDIA's library",
  'platforms/linux/owners': 'which process owns a socket',
  'platforms/linux/packet': 'packets: the ring, its filter, headers, fragments, which sighting counts, flows',
  'platforms/linux/proc': 'one parser per file of `/proc`, and how they are read',
  'platforms/linux/process': 'one process in depth, its journal, signals to it',
  'platforms/linux/processes':
    'the list of processes, by `/proc` or by programs in the kernel; names of users',
  'platforms/linux/rtnetlink': 'links and addresses',
  'platforms/linux/shell':
    'another machine by its POSIX shell: the loop that is sent there, and what reads its answers',
  'platforms/linux/sockets': 'sockets and their bytes in each tier',
  'platforms/linux/sys': 'files of `/sys`',
  'src/data/alerts': 'rules, when they fire and clear, and the processes that explain them',
  'src/data/attribution': 'sockets to processes and hosts, cumulative',
  'src/data/codec': 'one codec of tables and records, for the wire, recordings and pauses',
  'src/data/export': 'JSON, CSV, plain tables',
  'src/data/names': 'names of addresses and services, looked up without making anybody wait',
  'src/data/query':
    'scope, filter, order: what a table shows, for screens and exports alike; the fields of each list',
  'src/data/query/filter': 'the language of filters',
  'src/data/rates': 'growth over time, smoothing for the screen, short histories',
  'src/data/recording': 'recordings, written and played back',
  'src/data/recording/v1': 'the reader of recordings made by 0.1',
  'src/data/sample': 'the types that cross rooms: tables, snapshots, `Platform`, `NetworkCollector`',
  'src/data/schema': 'each table and record of a machine, declared once',
  'src/data/source': 'collector and attribution put together into snapshots',
  'src/kit/bytes': 'bounded unpacking and JSON of bytes',
  'src/kit/errors': 'errors with `op` and `code`',
  'src/kit/files': "files that the user names, opened with the user's rights",
  'src/kit/limits': 'maps of the newest entries, and so many at once',
  'src/kit/table': 'tables in typed arrays, and their slots',
  'src/kit/text': 'widths, sanitising, formats of numbers',
  'src/programs/cli': 'command lines, shell completions',
  'src/programs/config':
    'the configuration file, keys given to other actions, profiles, certificates that were accepted',
  'src/programs/shared':
    'what both screens run on: settings, keymaps, sampler, terminal, streams, log, messages, exit codes',
  'src/programs/socktop': "the model, update, view and keys of socktop, around sstop's for its network views",
  'src/programs/sstop': 'model, update, view and keys of sstop',
  'src/remote/agent': 'the agent: samples for all clients, certificates',
  'src/remote/agent/alerts': 'rules judged between requests; programs started and webhooks called for them',
  'src/remote/agent/answers': 'answers of both protocols',
  'src/remote/agent/metrics': 'pages for Prometheus',
  'src/remote/agent/samples': 'samples taken once for all who ask',
  'src/remote/agent/server': 'the server: connections, limits, tokens',
  'src/remote/client':
    'the way to an agent: whom to trust, one connection, a session in either protocol, and the source that outlives them',
  'src/remote/wire': 'the messages between socktop and its agent, both ways',
  'src/screen/buffer': 'cells in typed arrays and the diff between two screens',
  'src/screen/input': 'bytes to events',
  'src/screen/layout': 'rectangles',
  'src/screen/loop': 'the one loop that a program runs in',
  'src/screen/style': 'colours and themes',
  'src/screen/terminal': 'the terminal itself',
  'src/screen/widgets': 'functions of an area and a buffer',
  'src/views': 'where data becomes cells: what the views share',
  'src/views/network': "sstop's lists, its header and details",
  'src/views/overlays': 'help, prompts, questions',
  'src/views/system': "socktop's panels, its processes and hosts",
  bench: 'measurements beside programs in C; see [bench/README.md](../bench/README.md)',
};

interface Size {
  files: number;
  lines: number;
}

/** The document with the tree between its marks drawn anew. Throws where a folder has no words. */
export function withSourceTree(text: string): string {
  return text.replace(MARKED, ['<!-- source tree -->', '', ...treeLines(), '', '<!-- end -->'].join('\n'));
}

function treeLines(): string[] {
  const sizes = new Map<string, Size>();
  const programs: Size = { files: 0, lines: 0 };
  for (const path of sources()) {
    const folder = path.startsWith('bench/') ? 'bench' : dirname(path);
    const lines = readFileSync(`${ROOT}${path}`, 'utf8').split('\n').length - 1;
    const counted = [sizes.get(folder) ?? { files: 0, lines: 0 }, ...(TOOLS.test(path) ? [] : [programs])];
    for (const size of counted) {
      size.files++;
      size.lines += lines;
    }
    sizes.set(folder, counted[0]!);
  }
  return [
    '| folder | files | lines | what |',
    '|---|--:|--:|---|',
    ...[...sizes].map(([folder, size]) => row(`\`${folder}/\``, size, wordsOf(folder))),
    row('in all', programs, 'the programs: all but `bin/dev/` and `bench/`'),
  ];
}

/** Paths in the order in which a tree has them: files of a folder before the folders in it. */
function sources(): string[] {
  const paths = TOPS.flatMap((top) =>
    readdirSync(`${ROOT}${top}`, { recursive: true, encoding: 'utf8' }).map((path) => `${top}/${path}`),
  );
  const own = paths.filter((path) => path.endsWith('.ts') && !BESIDE.test(path));
  const keys = new Map(own.map((path) => [path, `${TOPS.indexOf(path.split('/')[0]!)} ${dirname(path)}/`]));
  return own.sort((a, b) => (keys.get(a)! < keys.get(b)! ? -1 : 1));
}

function row(folder: string, { files, lines }: Size, words: string): string {
  const rounded = (Math.max(1, Math.round(lines / 100)) * 100).toLocaleString('en');
  return `| ${folder} | ${files} | ${rounded} | ${words} |`;
}

function wordsOf(folder: string): string {
  const words = WORDS[folder];
  if (words === undefined) throw new ReferenceError(`${folder}/ has no words in bin/dev/source-tree.ts`);
  return words;
}

if (import.meta.main) {
  writeFileSync(`${ROOT}${DOCUMENT}`, withSourceTree(readFileSync(`${ROOT}${DOCUMENT}`, 'utf8')));
  process.stdout.write(`${DOCUMENT}\n`);
}
