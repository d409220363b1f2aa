import { describe, expect, test } from 'bun:test';
import { codeOf } from '../../kit/bytes/hostile.fixture.ts';
import { toOpError } from '../../kit/errors/op-error.ts';
import { encrypted, parseAgentUrl, shownUrl } from './agent-url.ts';

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

  test('is never shown with what could be a secret', () => {
    expect(shownUrl('ws://user:pass@h/ws?token=secret#x')).toBe('ws://h/ws');
    expect(shownUrl('ws://h/\u001b[2J')).not.toContain('\u001b');
    try {
      parseAgentUrl('http://u:hidden@h?token=secret');
    } catch (thrown) {
      const { message } = toOpError('parse', thrown);
      expect(message).not.toContain('secret');
      expect(message).not.toContain('hidden');
    }
  });
});
