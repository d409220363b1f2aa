import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disableCrashReport } from './crash-report.ts';

const image = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('disableCrashReport', () => {
  test('blanks the first letter of the padded constant and nothing else', () => {
    const bytes = image('a curl b\0curl\0dataurl\0\0\0curl\0\0\0\0info');
    disableCrashReport(bytes);
    expect(text(bytes)).toBe('a curl b\0curl\0dataurl\0\0\0\0url\0\0\0\0info');
  });

  test.each(['\0curl\0', '\0curl\0\0\0\0\0curl\0\0\0\0'])(
    'refuses an image with none or two: %j',
    (other) => {
      expect(() => disableCrashReport(image(other))).toThrow('exactly once');
    },
  );
});

describe('the runtime, killed by SIGSEGV and told by its environment to report that', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'crash-report-'));
    writeFileSync(join(folder, 'curl'), '#!/bin/sh\necho started >&3\n', { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Whether it started the curl of its PATH. Descriptor 3 is standard output once more: that ends when both have. */
  async function reports(runtime: string): Promise<boolean> {
    const script = 'console.log("up"); setTimeout(() => {}, 60_000)';
    const child = Bun.spawn(['sh', '-c', 'exec "$0" -e "$1" 3>&1', runtime, script], {
      env: {
        ...{ PATH: `${folder}:/usr/bin:/bin`, HOME: folder },
        ...{ BUN_ENABLE_CRASH_REPORTING: '1', BUN_CRASH_REPORT_URL: 'http://127.0.0.1:9/' },
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    for await (const chunk of child.stdout) {
      text += Buffer.from(chunk);
      if (text === 'up\n') child.kill('SIGSEGV');
    }
    await child.exited;
    expect([child.signalCode, text]).toEqual(['SIGSEGV', expect.stringMatching(/^up\n(started\n)?$/)]);
    return text.includes('started');
  }

  test('starts curl as it comes, and nothing once it is changed', async () => {
    expect(await reports(process.execPath)).toBe(true);
    const bytes = readFileSync(process.execPath);
    disableCrashReport(bytes);
    const changed = join(folder, 'bun');
    writeFileSync(changed, bytes, { mode: 0o755 });
    expect(await reports(changed)).toBe(false);
  });
});
