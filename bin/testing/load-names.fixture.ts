import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { awaitPhase, type Spread, spreadOf, WatchedSstop } from './load-program.fixture.ts';

/** What a resolver that never answers does to the screen; times in milliseconds. */
export interface NamesReport {
  readonly gaps: Spread;
  readonly keys: Spread;
  /** Names that the resolver was asked for, and questions in all. */
  readonly namesAsked: number;
  readonly questions: number;
  /** The most questions open at a time: sockets connected to the resolver, seen twice 10 ms apart. */
  readonly mostAtOnce: number;
  /** Questions open when it was told to end. */
  readonly lookupsAtQuit: number;
  readonly quitMillis: number;
  readonly complaints: string;
}

const HOSTS = 200;
/** TEST-NET-3 (RFC 5737): no loopback address, so that it is asked for, and local here by a route. */
const NETWORK = '203.0.113';
const WATCH_MILLIS = 10;
/** All are asked for within 26 s; the end comes before that. */
const SECONDS = 20;
const PAGE_DOWN = '\x1b[6~';
/** A line of /proc/net/udp whose remote address, the second one, is port 53 of 127.0.0.1. */
const ASKING = /^ *\d+: \S+ 0100007F:0035 /gm;

function run(...command: readonly string[]): void {
  const done = Bun.spawnSync([...command], { stderr: 'inherit' });
  if (!done.success) throw new RangeError(`failed: ${command.join(' ')}`);
}

interface Resolver {
  /** Each question as it came: name, type and class. */
  readonly questions: string[];
  close(): void;
}

/** Reads questions and keeps silent. */
async function openSilentResolver(folder: string): Promise<Resolver> {
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query) => questions.push(query.toString('latin1', 12)));
  await new Promise<void>((resolve) => socket.bind(53, '127.0.0.1', resolve));
  writeFileSync(`${folder}/resolv.conf`, 'nameserver 127.0.0.1\n');
  run('mount', '--bind', `${folder}/resolv.conf`, '/etc/resolv.conf');
  return { questions, close: () => socket.close() };
}

/** One connection to each host, both ends here. */
async function connectToHosts(): Promise<() => void> {
  run('ip', 'route', 'add', 'local', `${NETWORK}.0/24`, 'dev', 'lo');
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  for (let i = 1; i <= HOSTS; i++) {
    const socket = connect(port, `${NETWORK}.${i}`);
    sockets.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
  }
  return () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
}

function openQuestions(): number {
  return readFileSync('/proc/net/udp', 'latin1').match(ASKING)?.length ?? 0;
}

/** 200 remote hosts without names, the hosts view open, and nobody at the resolver. */
export async function measureNames(folder: string): Promise<NamesReport> {
  const { questions, close } = await openSilentResolver(folder);
  const disconnect = await connectToHosts();
  await awaitPhase();
  const sstop = new WatchedSstop(folder);
  await sstop.millisUntil(/load\.fixture|bun/);
  let mostAtOnce = 0;
  let openBefore = 0;
  const watching = setInterval(() => {
    // The list is no snapshot: while one socket is closed and the next one opened it may show both.
    const open = openQuestions();
    mostAtOnce = Math.max(mostAtOnce, Math.min(openBefore, open));
    openBefore = open;
  }, WATCH_MILLIS);
  sstop.pty.key('h');
  await sstop.millisUntil(/203\.0\.113\./);
  const gaps: number[] = [];
  let before = await sstop.nextRepaint();
  for (let i = 0; i < SECONDS; i++) {
    // Page by page until all have been on the screen, then back to the top.
    sstop.pty.key(i % 5 === 4 ? 'g' : PAGE_DOWN);
    const at = await sstop.nextRepaint();
    gaps.push(at - before);
    before = at;
  }
  const keys = [await sstop.openPrompt()];
  for (let i = 0; i < 20; i++) {
    await Bun.sleep(Math.random() * 50);
    keys.push(await sstop.typeOne());
  }
  sstop.pty.key('\x1b');
  await sstop.nextRepaint();
  clearInterval(watching);
  const { complaints } = sstop;
  const lookupsAtQuit = openQuestions();
  const quitMillis = await sstop.quit();
  await sstop.close();
  disconnect();
  close();
  return {
    gaps: spreadOf(gaps),
    keys: spreadOf(keys),
    namesAsked: new Set(questions).size,
    questions: questions.length,
    mostAtOnce,
    lookupsAtQuit,
    quitMillis,
    complaints,
  };
}
