import { describe, expect, test } from 'bun:test';
import { StackCounter } from './net-snmp.ts';

const TEXT = [
  'Ip: Forwarding DefaultTTL',
  'Ip: 1 64',
  'Tcp: RtoAlgorithm MaxConn AttemptFails AttemptFailsX EstabResets',
  'Tcp: 1 -1 37 9 4',
  'TcpExt: SyncookiesSent ListenOverflows ListenDrops',
  'TcpExt: 0 12 4294967301',
  '',
].join('\n');

function read(group: string, name: string, text = TEXT): number {
  const bytes = new TextEncoder().encode(text);
  return new StackCounter(group, name).read(bytes, bytes.length);
}

describe('counters of /proc/net/snmp and netstat', () => {
  test('are found by group and whole name', () => {
    expect(read('Tcp', 'AttemptFails')).toBe(37);
    expect(read('Tcp', 'EstabResets')).toBe(4);
    expect(read('TcpExt', 'ListenDrops')).toBe(4_294_967_301);
  });

  test('are unknown where they are missing, negative or cut off', () => {
    expect(read('Tcp', 'Attempt')).toBeNaN();
    expect(read('Udp', 'InErrors')).toBeNaN();
    expect(read('Tcp', 'MaxConn')).toBeNaN();
    expect(read('TcpExt', 'ListenDrops', TEXT.slice(0, -3))).toBeNaN();
    expect(read('TcpExt', 'ListenDrops', TEXT.slice(0, TEXT.indexOf('TcpExt: 0')))).toBeNaN();
    for (let length = 0; length < TEXT.length; length++) {
      const value = read('Tcp', 'AttemptFails', TEXT.slice(0, length));
      expect(Number.isNaN(value) || value === 37).toBe(true);
    }
  });

  test('of the running kernel', async () => {
    const snmp = new Uint8Array(await Bun.file('/proc/net/snmp').arrayBuffer());
    expect(new StackCounter('Tcp', 'AttemptFails').read(snmp, snmp.length)).toBeGreaterThanOrEqual(0);
  });
});
