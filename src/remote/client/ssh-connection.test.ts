import { describe, expect, test } from 'bun:test';
import type { OpError } from '../../kit/errors/op-error.ts';
import { streamFrame } from '../wire/v2-frame.ts';
import { parseSshSettings, SshConnection, sshArguments, stageOf } from './ssh-connection.ts';

const DESTINATION = { host: 'web-1', user: undefined, port: undefined };

type Listener = Parameters<ConstructorParameters<typeof SshConnection>[2]['start']>[2];

/** A connection over a program that says what the test says. */
async function connected(mayAsk: boolean): Promise<{
  readonly ssh: Listener;
  readonly events: string[];
  readonly told: string[];
  readonly written: Uint8Array[];
  readonly connection: SshConnection;
}> {
  const events: string[] = [];
  const told: string[] = [];
  const written: Uint8Array[] = [];
  const started = Promise.withResolvers<Listener>();
  const connection = new SshConnection(
    DESTINATION,
    {
      opened: (protocol) => events.push(`opened ${protocol}`),
      received: (frame) => events.push(`received ${Buffer.from(frame).toString('latin1')}`),
      closed: ({ code, message }: OpError) => events.push(`${code}: ${message}`),
      isWaiting: () => false,
    },
    {
      mayAsk,
      tell: (line) => told.push(line),
      start: (args, _, listener) => {
        if (args[0] === '-G') listener.ended(1);
        else started.resolve(listener);
        return { write: (bytes) => written.push(bytes), end: () => events.push('ended') };
      },
    },
  );
  return { ssh: await started.promise, events, told, written, connection };
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

describe('the arguments of ssh', () => {
  test('end with -- , the host and one command; what the user gives is a word of its own', () => {
    const words = sshArguments({ host: 'web-1', user: 'me', port: 2222 }, false);
    expect(words.slice(-3, -1)).toEqual(['--', 'web-1']);
    expect(words.join(' ')).toContain(' -l me -p 2222 -- ');
    expect(words).toContain('BatchMode=yes');
    expect(sshArguments(DESTINATION, true)).toContain('BatchMode=no');
    expect(words.at(-1)).toMatch(/^exec sh -c '[^'!\n\\]*'$/);
    const named = sshArguments({ ...DESTINATION, historyFolder: '/var/lib/x' }, false);
    expect(named.at(-1)).toBe(`${sshArguments(DESTINATION, false).at(-1)} sh --history /var/lib/x`);
  });

  test('set times where the configuration has none, and no end for a jump host that may ask', () => {
    const timesOf = (text: string, mayAsk: boolean): string[] =>
      sshArguments(DESTINATION, mayAsk, parseSshSettings(text)).flatMap(
        (word) => /^(?:ConnectTimeout|ServerAliveInterval)=\d+$/.exec(word) ?? [],
      );
    const none = 'host web-1\nserveraliveinterval 0\nconnecttimeout none\n';
    expect(timesOf(none, true)).toEqual(['ConnectTimeout=10', 'ServerAliveInterval=5']);
    expect(timesOf(`${none}proxyjump gate\n`, true)).toEqual(['ServerAliveInterval=5']);
    expect(timesOf(`${none}proxycommand nc %h %p\n`, false)).toHaveLength(2);
    expect(timesOf('serveraliveinterval 30\r\nconnecttimeout 60\r\n', false)).toEqual([]);
    expect(timesOf('\0 garbage\nconnecttimeout\nconnecttimeout x', true)).toHaveLength(2);
  });
});

describe('a connection by ssh', () => {
  test('opens with the greeting of the agent, whatever a login shell has said before', async () => {
    const { ssh, events, written, connection } = await connected(false);
    expect(connection.send('x')).toBe(false);
    ssh.output(bytes('Welcome!\nno newline'));
    ssh.output(bytes('\nsock'));
    ssh.output(Buffer.concat([bytes('top.v2\n'), streamFrame(bytes('\xff\x00')), bytes('\x01\x00')]));
    ssh.output(bytes('\x00\x00z'));
    expect(events).toEqual(['opened socktop.v2', 'received \xff\x00', 'received z']);
    expect(connection.send('{}')).toBe(true);
    expect(written).toEqual([streamFrame(bytes('{}'))]);
  });

  test('opens as a shell where there is no agent; lines go as they are', async () => {
    const { ssh, events, written, connection } = await connected(false);
    ssh.output(bytes('\nsocktop.shell\nanswer'));
    connection.send('line\n');
    expect(events).toEqual(['opened shell', 'received answer']);
    expect(Buffer.concat(written).toString()).toBe('line\n');
  });

  test.each([
    [
      255,
      'ssh: connect to host web-1 port 22: Connection refused\r\n',
      'SSH: connect to host web-1 port 22: Connection refused',
    ],
    [255, '\x1b]0;x\x07evil\n', 'SSH: ·]0;x·evil'],
    [
      255,
      'me@web-1: Permission denied (publickey).\n',
      'SSH_DENIED: me@web-1: Permission denied (publickey). (ssh cannot prompt here: connect once with ssh itself)',
    ],
    [
      255,
      'channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\nkex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535\r\n',
      'SSH: channel 0: open failed: connect failed: Connection refused',
    ],
    [
      255,
      'kex_exchange_identification: read: Connection reset by peer\n',
      'SSH: kex_exchange_identification: read: Connection reset by peer',
    ],
    [
      127,
      'sh: not found\n',
      'NO_SHELL: neither socktop-agent nor a POSIX shell could be started there (exit code 127): sh: not found',
    ],
    [undefined, '', 'SSH: ssh was terminated by a signal'],
  ])('an end with %p is told with the last line of ssh', async (code, complaint, expected) => {
    const { ssh, events } = await connected(false);
    ssh.complaint(bytes(complaint));
    ssh.ended(code);
    expect(events.filter((event) => event !== 'ended')).toEqual([expected]);
  });

  test('lines of ssh are shown while it may ask, but for the one that becomes the error', async () => {
    const { ssh, told, events } = await connected(true);
    ssh.complaint(bytes('Warning: one\nWarning: two\n'));
    expect(told).toEqual(['Warning: one']);
    ssh.ended(255);
    expect(told).toEqual(['Warning: one']);
    expect(events).toContain('SSH: Warning: two');
  });

  test('what -v adds is neither shown nor the last word', async () => {
    const { ssh, told, events } = await connected(true);
    ssh.complaint(bytes('OpenSSH_9.2p1\r\ndebug1: Connecting to x\r\nWarning: one\r\ndebug1: x\r\n'));
    ssh.complaint(bytes('ssh: no route\r\nTransferred: sent 1, received 2 bytes\r\n'));
    ssh.ended(255);
    expect(told).toEqual(['Warning: one']);
    expect(events).toContain('SSH: no route');
  });

  test('a login shell that never stops, and a message that is too long, end it', async () => {
    const noisy = await connected(false);
    for (let i = 0; i < 20; i++) noisy.ssh.output(new Uint8Array(4096));
    expect(noisy.events.join()).toContain('NO_SHELL');
    const long = await connected(false);
    long.ssh.output(bytes('\nsocktop.v2\n\xff\xff\xff\xff'));
    expect(long.events.join()).toContain('TOO_LARGE');
    long.ssh.output(bytes('more'));
    expect(long.events.filter((event) => event.startsWith('TOO_LARGE'))).toHaveLength(1);
  });
});

test('ssh may be asking something in some stages alone; other lines begin none', () => {
  const stages = [
    ['OpenSSH_for_Windows_8.1p1, LibreSSL 3.0.2', false],
    ['debug1: Connecting to web-1 [192.0.2.1] port 22.', false],
    ['debug1: Connection established.', false],
    ['debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1', false],
    ['debug1: Server host key: ssh-ed25519 SHA256:x', true],
    ['debug1: SSH2_MSG_NEWKEYS sent', false],
    ['debug1: Next authentication method: password', true],
    ['Authenticated to web-1 ([192.0.2.1]:22) using "password".', false],
    ['debug1: Executing proxy command: exec ssh -v -W [web-1]:22 gate', true],
    ['debug1: identity file /home/me/.ssh/id_ed25519 type 3', undefined],
    ['Connecting to debug1: Connection established', undefined],
  ] as const;
  for (const [line, mayAsk] of stages) expect([line, stageOf(line)?.mayAsk]).toEqual([line, mayAsk]);
});
