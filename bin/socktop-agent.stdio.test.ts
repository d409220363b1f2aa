import { afterEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FRAME_LIMIT_BYTES } from '../src/remote/wire/limits.ts';
import { STREAM_GREETING, StreamFrames, streamFrame, v2ReplyId } from '../src/remote/wire/v2-frame.ts';
import { decodeV2Reply } from '../src/remote/wire/v2-reply.ts';
import type { V2RequestName } from '../src/remote/wire/v2-request.ts';
import { AgentProcess } from './testing/agent-process.ts';
import { SOCKTOP_AGENT } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';

/** `socktop-agent --stdio`, and its messages by the ids of the requests. */
class StdioAgent {
  readonly child: Bun.Subprocess<'pipe', 'pipe', 'pipe'>;
  readonly #reader;
  readonly #frames = new StreamFrames(FRAME_LIMIT_BYTES);
  readonly #replies = new Map<number, Uint8Array>();
  #greeting = '';

  constructor(...argv: readonly string[]) {
    this.child = Bun.spawn([SOCKTOP_AGENT, '--stdio', ...argv], {
      env: { ...process.env, SOCKTOP_TOKEN: 'not for this', SOCKTOP_PORT: '3999' },
      ...{ stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' },
    });
    this.#reader = this.child.stdout.getReader();
  }

  async greeting(): Promise<string> {
    while (this.#greeting.length < STREAM_GREETING.length) await this.#read();
    return this.#greeting;
  }

  write(bytes: Uint8Array): void {
    this.child.stdin.write(bytes);
    this.child.stdin.flush();
  }

  ask(id: number, request: V2RequestName, fields: object = {}): void {
    this.write(streamFrame(new TextEncoder().encode(JSON.stringify({ id, request, ...fields }))));
  }

  async reply(id: number, request: V2RequestName): Promise<ReturnType<typeof decodeV2Reply>> {
    while (!this.#replies.has(id)) await this.#read();
    return decodeV2Reply(request, this.#replies.get(id)!);
  }

  async #read(): Promise<void> {
    const { done, value } = await this.#reader.read();
    if (done) throw new Error('the agent has ended');
    const missing = STREAM_GREETING.length - this.#greeting.length;
    this.#greeting += Buffer.from(value.subarray(0, missing)).toString('latin1');
    for (const frame of this.#frames.take(value.subarray(missing)))
      this.#replies.set(v2ReplyId(frame), frame);
  }
}

const agents: StdioAgent[] = [];
afterEach(async () => {
  for (const { child } of agents.splice(0)) {
    child.kill('SIGKILL');
    await child.exited;
  }
});

async function started(...argv: readonly string[]): Promise<StdioAgent> {
  const agent = new StdioAgent(...argv);
  agents.push(agent);
  expect(await agent.greeting()).toBe(STREAM_GREETING);
  return agent;
}

describe('socktop-agent --stdio', () => {
  test('answers every request, without a token, and ends with its input', async () => {
    const agent = await started();
    const requests: readonly V2RequestName[] = [
      ...(['get_capabilities', 'get_metrics', 'get_disks', 'get_processes', 'get_network'] as const),
    ];
    for (const [at, request] of requests.entries()) agent.ask(at + 1, request);
    for (const [at, request] of requests.entries()) {
      expect((await agent.reply(at + 1, request)).reply).toBe(request);
    }
    agent.ask(50, 'get_process_metrics', { pid: process.pid });
    expect(await agent.reply(50, 'get_process_metrics')).toMatchObject({
      told: { section: { process: { pid: process.pid } } },
    });
    // Whoever logs in may read the journal; here there may be no journalctl.
    agent.ask(51, 'get_journal_entries', { pid: process.pid });
    expect(JSON.stringify(await agent.reply(51, 'get_journal_entries'))).not.toContain('NO_TOKEN');
    agent.child.stdin.end();
    expect(await agent.child.exited).toBe(0);
    expect(await new Response(agent.child.stderr).text()).toBe('');
  });

  test('serves the history of a folder that another agent writes, and says why where it cannot', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stdio-history-'));
    try {
      const path = join(folder, 'history');
      const writer = await AgentProcess.start({ args: ['--history', path, '--history-interval', '1s'] });
      // A segment is made before anything is in it.
      const isWritten = (): boolean =>
        readdirSync(path).some((name) => name.endsWith('.sstop') && statSync(join(path, name)).size > 0);
      while (!isWritten()) await Bun.sleep(50);
      await writer.close();
      const agent = await started('--history', path);
      agent.ask(1, 'get_history');
      expect(await agent.reply(1, 'get_history')).toMatchObject({
        history: { segments: [[1, expect.any(Number)]] },
      });
      agent.ask(2, 'get_history', { segment: 1, from: 0, length: 2 });
      expect(await agent.reply(2, 'get_history')).toMatchObject({ history: Uint8Array.of(0x1f, 0x8b) });
      agent.ask(3, 'get_totals', { period: 'day' });
      expect(await agent.reply(3, 'get_totals')).toMatchObject({ totals: { files: expect.any(Array) } });
      const none = await started('--history', join(folder, 'none'));
      none.ask(1, 'get_history');
      expect(await none.reply(1, 'get_history')).toMatchObject({
        error: { code: 'NO_HISTORY', error: `cannot use '${folder}/none': folder not found` },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('listens on no port', async () => {
    const agent = await started();
    agent.ask(1, 'get_metrics');
    await agent.reply(1, 'get_metrics');
    const folder = `/proc/${agent.child.pid}/fd`;
    const inodes = readdirSync(folder).flatMap(
      (name) => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${name}`))?.[1] ?? [],
    );
    const listening = await Promise.all(
      ['tcp', 'tcp6'].map((name) => Bun.file(`/proc/${agent.child.pid}/net/${name}`).text()),
    );
    const lines = listening
      .join('\n')
      .split('\n')
      .map((line) => line.trim().split(/ +/));
    expect(lines.filter((words) => words[3] === '0A' && inodes.includes(words[9] ?? ''))).toEqual([]);
  });

  test.each([
    ['a message that is too long', Uint8Array.of(1, 16, 0, 0, 0x7b), 'too long'],
    ['an empty message', new Uint8Array(4), 'empty'],
  ])('%s ends it with one line', async (_, bytes, line) => {
    const agent = await started();
    agent.write(bytes);
    expect(await agent.child.exited).toBe(1);
    const said = await new Response(agent.child.stderr).text();
    expect(said.trim().split('\n')).toHaveLength(1);
    expect(said).toContain(line);
  });

  test('what is no request gets an error, as over a WebSocket, and more than are answered end it', async () => {
    const agent = await started();
    agent.write(streamFrame(Buffer.from('\x00\xff not JSON')));
    expect(await agent.reply(0, 'get_metrics')).toMatchObject({
      reply: 'error',
      error: { code: 'BAD_JSON' },
    });
    const one = streamFrame(Buffer.from('{"id":1,"request":"get_processes","full":true}'));
    agent.write(Buffer.concat(Array.from({ length: 200 }, () => one)));
    expect(await agent.child.exited).toBe(1);
  });

  test('a client that goes away without a word ends it', async () => {
    const agent = await started();
    agent.ask(1, 'get_metrics');
    await agent.reply(1, 'get_metrics');
    agent.child.stdin.end();
    expect(await agent.child.exited).toBe(0);
  });

  test.each([['--port=1'], ['3000'], ['--tls'], ['--bind=127.0.0.1'], ['--history-size=1M']])(
    'together with %s is refused',
    async (argument) => {
      const child = Bun.spawn([SOCKTOP_AGENT, '--stdio', argument], { stdin: 'ignore', stderr: 'pipe' });
      expect(await child.exited).toBe(2);
      expect(await new Response(child.stderr).text()).toContain('--stdio');
    },
  );

  test('is refused on a terminal', async () => {
    const program = new PtyProgram([SOCKTOP_AGENT, '--stdio']);
    expect(await program.exited()).toBe(2);
    expect(program.text()).toContain('socktop ssh://HOST');
    await program.close();
  });
});

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (thrown) {
    // Closed since.
    if (thrown instanceof Error) return '';
    throw thrown;
  }
}
