import { describe, expect, test } from 'bun:test';
import { type AgentOptions, parseAgentArguments } from './agent-command.ts';

function optionsOf(argv: readonly string[], environment: Record<string, string> = {}): AgentOptions {
  const invocation = parseAgentArguments(argv, environment, '1.2.3');
  if (invocation.kind === 'print') throw new TypeError(invocation.text);
  return invocation.options;
}

function complaintOf(argv: readonly string[], environment: Record<string, string> = {}): string {
  const invocation = parseAgentArguments(argv, environment, '1.2.3');
  expect(invocation).toMatchObject({ kind: 'print', exitCode: 2 });
  const text = invocation.kind === 'print' ? invocation.text : '';
  expect(text).toMatch(/^socktop-agent: [^\n]+\n$/);
  return text;
}

describe('the port', () => {
  test('is 3000, with TLS 8443', () => {
    expect(optionsOf([]).port).toBe(3000);
    expect(optionsOf(['--enableSSL'])).toMatchObject({ port: 8443, tls: true });
    expect(optionsOf(['--tls']).tls).toBe(true);
    expect(optionsOf([], { SOCKTOP_ENABLE_SSL: '1' })).toMatchObject({ port: 8443, tls: true });
  });

  test('is a flag, a word or a variable, and arguments go first', () => {
    expect(optionsOf(['--port', '81']).port).toBe(81);
    expect(optionsOf(['-p', '0']).port).toBe(0);
    expect(optionsOf(['8080']).port).toBe(8080);
    expect(optionsOf([], { SOCKTOP_PORT: '9' }).port).toBe(9);
    expect(optionsOf(['8080'], { SOCKTOP_PORT: '9' }).port).toBe(8080);
    expect(optionsOf([], { SOCKTOP_PORT: '' }).port).toBe(3000);
  });

  test('that is none is refused in one line', () => {
    expect(complaintOf(['--port', '65536'])).toContain('0 to 65535');
    expect(complaintOf(['x'])).toContain('0 to 65535');
    expect(complaintOf(['-p', '1', '2'])).toContain('conflicting ports 1 and 2');
    expect(complaintOf([], { SOCKTOP_PORT: 'http' })).toContain('SOCKTOP_PORT');
  });
});

describe('the environment', () => {
  test('switches GPUs and temperatures off', () => {
    expect(optionsOf([])).toMatchObject({ gpus: true, temperatures: true });
    const off = { SOCKTOP_AGENT_GPU: '0', SOCKTOP_AGENT_TEMP: '0' };
    expect(optionsOf([], off)).toMatchObject({ gpus: false, temperatures: false });
  });

  test('has the token, unless a file is named', () => {
    expect(optionsOf([], { SOCKTOP_TOKEN: 'secret' }).token).toBe('secret');
    const named = optionsOf(['--token-file', '/t'], { SOCKTOP_TOKEN: 'secret' });
    expect(named).toMatchObject({ token: undefined, tokenFile: '/t' });
  });

  test('names the ages of samples and the names of a certificate', () => {
    const environment = {
      SOCKTOP_AGENT_METRICS_TTL_MS: '0',
      SOCKTOP_AGENT_PROCESSES_TTL_MS: '99',
      SOCKTOP_AGENT_EXTRA_SANS: ' 192.168.1.101, ,myhost.internal',
    };
    expect(optionsOf([], environment)).toMatchObject({
      metricsTtlMillis: 0,
      processesTtlMillis: 99,
      disksTtlMillis: 1000,
      extraNames: ['192.168.1.101', 'myhost.internal'],
    });
    expect(complaintOf([], { SOCKTOP_AGENT_DISKS_TTL_MS: '-1' })).toContain('SOCKTOP_AGENT_DISKS_TTL_MS');
    expect(complaintOf([], { SOCKTOP_AGENT_GPU: 'maybe' })).toContain('SOCKTOP_AGENT_GPU');
  });

  test('refuses names that no certificate can hold, in one line', () => {
    for (const name of ['host:8443', 'bad name!', 'fe80::1%eth0', '[host]']) {
      const said = complaintOf([], { SOCKTOP_AGENT_EXTRA_SANS: `good.example,${name}` });
      expect(said).toContain(`SOCKTOP_AGENT_EXTRA_SANS: '${name}' is neither a host name nor an IP address`);
      expect(said.trim().split('\n')).toHaveLength(1);
    }
    expect(
      optionsOf([], { SOCKTOP_AGENT_EXTRA_SANS: '[fd00::2], B\u00fccher.example,fd00::3' }).extraNames,
    ).toEqual(['fd00::2', 'xn--bcher-kva.example', 'fd00::3']);
  });

  test('is never printed', () => {
    expect(complaintOf(['--nonsense'], { SOCKTOP_TOKEN: 'secret' })).not.toContain('secret');
  });
});

test('an address to bind may stand in brackets', () => {
  expect(optionsOf(['--bind', '[::1]'], {}).bindAddress).toBe('::1');
  expect(optionsOf(['--bind', '::1'], {}).bindAddress).toBe('::1');
  expect(optionsOf(['--bind', '127.0.0.1'], {}).bindAddress).toBe('127.0.0.1');
});

test('help and version are printed', () => {
  expect(parseAgentArguments(['-V'], {}, '1.2.3')).toEqual({
    kind: 'print',
    text: 'socktop-agent 1.2.3\n',
    exitCode: 0,
  });
  const help = parseAgentArguments(['--help'], {}, '1.2.3');
  expect(help.kind === 'print' && help.text).toContain('SOCKTOP_AGENT_EXTRA_SANS');
});
