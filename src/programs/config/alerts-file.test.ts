import { afterAll, describe, expect, test } from 'bun:test';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toOpError } from '../../kit/errors/op-error.ts';
import { type AlertsFile, readAlertsFile } from './alerts-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'alerts-'));
const path = join(folder, 'alerts.yaml');
const isRoot = process.geteuid?.() === 0;

afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string): AlertsFile {
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  return readAlertsFile(path);
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    const { op, message } = toOpError('other', thrown);
    expect(op).toBe('alerts file');
    expect(message).not.toContain('\n');
    return message;
  }
  return 'accepted';
}

test('all that it may say', () => {
  const file = read(`
rules:
  - cpu>80% for 2m
  - rule: process.rss>4G process.name:java
    name: java
exec: [/bin/echo, "$(id)", --x]
webhook: https://hooks.example/services/T/B
`);
  expect(file.rules.map(({ name, holdMillis }) => [name, holdMillis])).toEqual([
    ['cpu>80% for 2m', 120_000],
    ['java', 0],
  ]);
  expect(file.exec).toEqual(['/bin/echo', '$(id)', '--x']);
  expect(file.webhookUrl).toBe('https://hooks.example/services/T/B');
  expect(read('rules: [cpu>80%]\nwebhook: http://127.0.0.1:9/x').exec).toBeUndefined();
});

describe('one clear line says what is wrong', () => {
  test.each([
    ['', 'no rules'],
    ['rules: []', 'no rules'],
    ['- cpu>80%', 'expected rules, exec, webhook, found a list'],
    ['rules: [cpuu>80%]', `:1:9: rule 'cpuu>80%': unknown key "cpuu": did you mean cpu?`],
    ['rules: [cpu>80%, cpu>80%]', "duplicate rule 'cpu>80%'"],
    ['rules: [{ name: x }]', "a rule needs 'rule'"],
    ['rules: [{ rule: cpu>80%, nam: x }]', "unknown key of a rule 'nam'. Accepted: rule, name"],
    ['rules: [{ rule: cpu>80%, name: "" }]', 'invalid name'],
    ['rule: [cpu>80%]', "unknown key 'rule'. Accepted: rules, exec, webhook"],
    ['rules: [cpu>80%]\nexec: echo', 'exec takes an absolute path'],
    ['rules: [cpu>80%]\nexec: []', 'exec takes an absolute path'],
    ['rules: [cpu>80%]\nexec: /proc/nonexistent/x', "exec '/proc/nonexistent/x': file not found"],
    ['rules: [cpu>80%]\nexec: /etc', "exec '/etc': not a regular file"],
    ['rules: [cpu>80%]\nexec: [/bin/echo, [x]]', 'exec takes an absolute path'],
    ['rules: [cpu>80%]\nwebhook: ftp://secret/x', 'webhook takes an https:// URL'],
    ['rules: [cpu>80%]\nwebhook: http://secret.example/x', 'webhook takes an https:// URL'],
    ['rules: [cpu>80%]\nwebhook: https://secret:b@x/', 'webhook takes an https:// URL'],
    ['rules: [cpu>80%]\nwebhook: "https://secret', 'not valid YAML'],
    ['webhook: https://secret\nhttps://secret: x', 'unknown key'],
    ['https://secret.example/x', 'expected rules, exec, webhook'],
  ])('%j', (text, message) => {
    const line = refusal(() => read(text));
    expect(line).toContain(message);
    expect(line).not.toContain('secret');
  });

  test('about the file itself', () => {
    const option = `option '--alerts <file>': '${path}': `;
    expect(refusal(() => readAlertsFile(join(folder, 'none')))).toContain('file not found');
    mkdirSync(join(folder, 'folder'));
    expect(refusal(() => readAlertsFile(join(folder, 'folder')))).toContain('is a directory');
    read('rules: [cpu>80%]');
    for (const mode of [0o620, 0o602, 0o666]) {
      chmodSync(path, mode);
      expect(refusal(() => readAlertsFile(path))).toBe(
        `${option}other users can write to it; run chmod go-w`,
      );
    }
    chmodSync(path, 0o644);
    expect(readAlertsFile(path).rules).toHaveLength(1);
    writeFileSync(path, Buffer.alloc(65 << 10, 0x20));
    expect(refusal(() => readAlertsFile(path))).toBe(`${option}longer than 64 KiB`);
    writeFileSync(path, Buffer.from([0x72, 0xff]));
    expect(refusal(() => readAlertsFile(path))).toBe(`${option}not UTF-8 text`);
  });

  test.skipIf(!isRoot)('about its owner (needs root)', () => {
    read('rules: [cpu>80%]');
    chownSync(path, 65_534, 65_534);
    expect(refusal(() => readAlertsFile(path))).toContain('owned by another user');
    chownSync(path, 0, 0);
  });

  test('about the program, which others might write', () => {
    const program = join(folder, 'program');
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o777);
    const text = `rules: [cpu>80%]\nexec: ${program}`;
    expect(refusal(() => read(text))).toContain('other users can write to it');
    chmodSync(program, 0o644);
    expect(refusal(() => read(text))).toContain('not executable');
    chmodSync(program, 0o755);
    expect(read(text).exec).toEqual([program]);
  });
});
