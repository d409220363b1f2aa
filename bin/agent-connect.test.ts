import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OpError, toOpError } from '../src/kit/errors/op-error.ts';
import { makeCertificate } from '../src/remote/agent/certificate.ts';
import { parsePinned } from '../src/remote/client/trust.ts';
import { type AgentWish, agentTarget, fingerprintLines, isAgentNamedWrong } from './agent-connect.ts';

test('a fingerprint stands in one line where it fits, else in two halves', () => {
  const bytes = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase());
  const whole = bytes.join(':');
  const halves = [bytes.slice(0, 16).join(':'), bytes.slice(16).join(':')];
  expect(fingerprintLines(whole, undefined)).toEqual([whole]);
  expect(fingerprintLines(whole, 107)).toEqual([whole]);
  expect(fingerprintLines(whole, 106)).toEqual(halves);
  expect(fingerprintLines(whole, 80)).toEqual(halves);
});

let folder = '';
let pem = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-target-'));
  pem = (await makeCertificate('test', [], Date.now())).certificatePem;
  writeFileSync(join(folder, 'cert.pem'), pem);
  writeFileSync(join(folder, 'token'), ' from-file \n');
  writeFileSync(join(folder, 'words'), 'two words');
  writeFileSync(join(folder, 'empty'), '\n');
  writeFileSync(join(folder, 'long'), 'x'.repeat(1025));
  writeFileSync(join(folder, 'longest'), `${'x'.repeat(1024)}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function wish(url: string, more: Partial<AgentWish> = {}): AgentWish {
  return { url, tlsCaPath: undefined, verifyHostname: false, tokenFile: undefined, ...more };
}

describe('the token of an agent', () => {
  test('is from a file, else from the URL, else from the environment, else none', () => {
    const environment = { SOCKTOP_TOKEN: 'from-environment' };
    const tokenFile = join(folder, 'token');
    expect(agentTarget(wish('ws://h/ws?token=from-url', { tokenFile }), environment)).toMatchObject({
      token: 'from-file',
      hasTokenInUrl: false,
    });
    expect(agentTarget(wish('ws://h/ws?token=from-url'), environment)).toMatchObject({
      token: 'from-url',
      hasTokenInUrl: true,
    });
    expect(agentTarget(wish('ws://h/ws'), environment)).toMatchObject({
      token: 'from-environment',
      hasTokenInUrl: false,
    });
    expect(agentTarget(wish('ws://h/ws'), { SOCKTOP_TOKEN: '' }).token).toBeUndefined();
  });

  test.each(['words', 'empty', 'missing', 'long'])('in a file that holds none is one line: %s', (name) => {
    const tokenFile = join(folder, name);
    try {
      agentTarget(wish('ws://h/ws', { tokenFile }), {});
      expect.unreachable();
    } catch (thrown) {
      const error = toOpError('target', thrown);
      expect(isAgentNamedWrong(error)).toBe(true);
      expect(error.message).toContain(tokenFile);
      expect(error.message).not.toContain('two words');
    }
  });
});

describe('a token that cannot be sent', () => {
  test.each(['a\r\nX: SECRET', 'SECRET\u00e9', 'two SECRET', 'SECRET\u0000', 'SECRET'.repeat(200)])(
    'is one line without it, from the environment or the URL: %p',
    (token) => {
      const url = `ws://h/ws?token=${encodeURIComponent(token)}`;
      for (const run of [
        () => agentTarget(wish('ws://h/ws'), { SOCKTOP_TOKEN: token }),
        () => agentTarget(wish(url), {}),
      ]) {
        let error: OpError | undefined;
        try {
          run();
        } catch (thrown) {
          error = toOpError('target', thrown);
        }
        expect(error?.message).toMatch(/^(SOCKTOP_TOKEN|the URL's token).* (must be|is longer)[^\n]+$/);
        expect(error?.message).not.toContain('SECRET');
        expect(isAgentNamedWrong(error!)).toBe(true);
      }
    },
  );

  test('is longer than 1024 characters, and no shorter', () => {
    const longest = 'x'.repeat(1024);
    expect(agentTarget(wish('ws://h/ws'), { SOCKTOP_TOKEN: longest }).token).toBe(longest);
    expect(agentTarget(wish('ws://h/ws', { tokenFile: join(folder, 'longest') }), {}).token).toBe(longest);
  });
});

describe('whom to trust', () => {
  test('is who is in the file, and a file means TLS', () => {
    const target = agentTarget(
      wish('ws://h:3000/ws', { tlsCaPath: join(folder, 'cert.pem'), verifyHostname: true }),
      {},
    );
    expect(target.agent.url).toBe('wss://h:3000/ws');
    expect(target.trust).toEqual({
      kind: 'pinned',
      certificates: parsePinned(pem),
      verifyHostname: true,
    });
    expect(target.keptCertificatePath).toBeUndefined();
  });

  test('is whom the user has said yes to, for that host and port alone', () => {
    const environment = { XDG_CONFIG_HOME: folder };
    const first = agentTarget(wish('wss://Host.example:8443/ws'), environment);
    expect(first.trust).toEqual({ kind: 'system' });
    const kept = join(folder, 'socktop/certificates/host.example_8443.pem');
    expect(first.keptCertificatePath).toBe(kept);
    mkdirSync(join(folder, 'socktop/certificates'), { recursive: true });
    writeFileSync(kept, pem);
    const second = agentTarget(wish('wss://host.example:8443/ws'), environment);
    expect(second.trust).toMatchObject({ kind: 'pinned', verifyHostname: false });
    expect(second.keptCertificatePath).toBeUndefined();
    expect(agentTarget(wish('wss://host.example:8444/ws'), environment).trust).toEqual({ kind: 'system' });
    expect(agentTarget(wish('ws://host.example:8443/ws'), environment).agent.isEncrypted).toBe(false);
    writeFileSync(kept, 'damaged');
    expect(() => agentTarget(wish('wss://host.example:8443/ws'), environment)).toThrow(kept);
  });

  test.each([
    ['missing.pem', 'file not found'],
    ['token', 'no certificate'],
    ['', 'is a directory'],
  ])('cannot be told by a file like %p', (name, why) => {
    const tlsCaPath = join(folder, name);
    expect(() => agentTarget(wish('wss://h/ws', { tlsCaPath }), {})).toThrow(why);
  });
});

describe('a folder with a history', () => {
  test('is for ssh, where it is one plain word', () => {
    const named = agentTarget(wish('ssh://h', { historyFolder: '/var/lib/socktop/history' }), {});
    expect(named.agent.ssh).toMatchObject({ host: 'h', historyFolder: '/var/lib/socktop/history' });
    expect(agentTarget(wish('ssh://h'), {}).agent.ssh).not.toHaveProperty('historyFolder');
  });

  test.each([
    ...[
      'history',
      '~/history',
      '/a b',
      "/a'b",
      '/a"b',
      '/$(x)',
      '/`x`',
      '/a;b',
      '/a\nb',
      '/a\\b',
      '/*',
      '',
      '-x',
    ],
    `/${'x'.repeat(1025)}`,
  ])('%p is refused', (historyFolder) => {
    expect(() => agentTarget(wish('ssh://h', { historyFolder }), {})).toThrow('accepted: an absolute path');
  });

  test('of an agent that listens is its own', () => {
    expect(() => agentTarget(wish('wss://h', { historyFolder: '/x' }), {})).toThrow(
      'an agent keeps its own history: remove --history',
    );
  });
});
