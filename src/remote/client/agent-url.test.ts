import { describe, expect, test } from 'bun:test';
import { codeOf } from '../../kit/bytes/hostile.fixture.ts';
import { toOpError } from '../../kit/errors/op-error.ts';
import { encrypted, parseAgentUrl } from './agent-url.ts';

describe('the URL of an agent', () => {
  test('has a host, a port, a path and perhaps a token', () => {
    expect(parseAgentUrl('ws://h:3000/ws')).toEqual({
      ...{ url: 'ws://h:3000/ws', hostName: 'h', port: 3000, isEncrypted: false, token: undefined },
    });
    expect(parseAgentUrl('wss://h/ws?token=a%20b&x=1')).toMatchObject({
      ...{ url: 'wss://h/ws', port: 443, isEncrypted: true, token: 'a b' },
    });
    expect(parseAgentUrl('ws://[::1]:3000').url).toBe('ws://[::1]:3000/ws');
    expect(parseAgentUrl('ws://[::1]:3000').hostName).toBe('::1');
    expect(parseAgentUrl('ws://h/other').url).toBe('ws://h/other');
  });

  test('may have a zone, by its code or plainly', () => {
    for (const text of ['ws://[fe80::1%25eth0]:3000/ws?token=t', 'ws://[fe80::1%eth0]:3000?token=t']) {
      expect(parseAgentUrl(text)).toEqual({
        ...{ url: 'ws://[fe80::1%25eth0]:3000/ws', hostName: 'fe80::1%eth0', zone: 'eth0' },
        ...{ port: 3000, isEncrypted: false, token: 't' },
      });
    }
    expect(encrypted(parseAgentUrl('ws://[FE80::1%25wlan0.5]'))).toMatchObject({
      ...{ url: 'wss://[fe80::1%25wlan0.5]/ws', hostName: 'fe80::1%wlan0.5', port: 443 },
    });
    for (const text of ['ws://[fe80::1%25a/b]:1', 'ws://[fe80::1%25a@b]', 'ws://h%25eth0/']) {
      expect(codeOf(() => parseAgentUrl(text))).toBe('BAD_URL');
    }
  });

  test('becomes one of TLS where a certificate is given', () => {
    expect(encrypted(parseAgentUrl('ws://h:3000/ws'))).toMatchObject({ url: 'wss://h:3000/ws', port: 3000 });
    expect(encrypted(parseAgentUrl('ws://h/ws'))).toMatchObject({ port: 443, isEncrypted: true });
  });

  test.each(['', 'h:3000', 'http://h', 'ws://', 'ws://u:p@h/ws', `ws://h/${'x'.repeat(3000)}`])(
    'that is none is refused: %p',
    (text) => {
      expect(codeOf(() => parseAgentUrl(text))).toBe('BAD_URL');
    },
  );

  test.each([
    ...['http://u:hidden@h?token=hidden', 'ws://user:hid@hidden@host/ws', 'ws:user:hidden@host/ws'],
    ...[
      'ws:/user:hidden@host/ws',
      'ws:\\\\user:hidden@host',
      'ws://user:x/hidden@host',
      'ws://u:hid?hidden@host',
    ],
    ...['ws://h:x/ws?token=hidden', 'u:hidden@host', `ws://h?token=hidden${'x'.repeat(3000)}`],
  ])('that is refused is shown without its secret: %p', (text) => {
    try {
      parseAgentUrl(text);
      expect.unreachable();
    } catch (thrown) {
      const error = toOpError('parse', thrown);
      expect(error.code).toBe('BAD_URL');
      expect(error.message).not.toContain('hid');
    }
  });
});

describe('an ssh:// URL', () => {
  test.each([
    ['ssh://web-1', 'ssh://web-1', { host: 'web-1', user: undefined, port: undefined }],
    ['SSH://web-1/', 'ssh://web-1', { host: 'web-1', user: undefined, port: undefined }],
    [
      'ssh://me.too@192.0.2.1:2222',
      'ssh://me.too@192.0.2.1:2222',
      { host: '192.0.2.1', user: 'me.too', port: 2222 },
    ],
    ['ssh://[2001:db8::1]:22', 'ssh://[2001:db8::1]:22', { host: '2001:db8::1', user: undefined, port: 22 }],
    [
      'ssh://[fe80::1%eth0]',
      'ssh://[fe80::1%eth0]',
      { host: 'fe80::1%eth0', user: undefined, port: undefined },
    ],
    ['ssh://Host_alias.x', 'ssh://Host_alias.x', { host: 'Host_alias.x', user: undefined, port: undefined }],
  ])('%s is taken apart', (text, url, ssh) => {
    expect(parseAgentUrl(text)).toMatchObject({ url, ssh, token: undefined, hostName: ssh.host });
  });

  test.each([
    'ssh://',
    'ssh://-v',
    'ssh://-v@host',
    'ssh://@host',
    'ssh://host:',
    'ssh://host:0',
    'ssh://host:65536',
    'ssh://a:b@host',
    'ssh://a@b@host',
    'ssh://host/x',
    'ssh://host?token=x',
    'ssh://host x',
    'ssh://ho\nst',
    'ssh://ho;st',
    'ssh://$(x)',
    'ssh://[::1',
    'ssh://[-1]',
    'ssh://::1',
    `ssh://${'h'.repeat(254)}`,
  ])('%p is refused', (text) => {
    expect(() => parseAgentUrl(text)).toThrow('accepted: ssh://[USER@]HOST[:PORT]');
  });
});
