import { expect, test } from 'bun:test';
import { commandTail } from './command-text.ts';

test.each([
  ['curl', 'curl -s http://10.0.0.3/', '-s http://10.0.0.3/'],
  ['chrome', '/opt/google/chrome/chrome --type=utility', '--type=utility'],
  ['python3', '/usr/bin/python3', ''],
  ['worker', '/usr/bin/python3 worker.py /var/lib/x', 'python3 worker.py /var/lib/x'],
  ['systemd-timesyn', '/usr/lib/systemd/systemd-timesyncd', 'systemd-timesyncd'],
  ['sshd', 'sshd: ana@pts/2', 'ana@pts/2'],
  ['nginx', 'nginx: worker process', 'worker process'],
  ['bash', '-bash', ''],
  ['run', './run /etc/run', './run /etc/run'],
  ['curl', 'curly -s', 'curly -s'],
  ['sh', '/ sh', ' sh'],
  ['sh', '', ''],
  ['', '/bin/ -x', '-x'],
])('%s says beside its name, of %p: %p', (name, commandLine, tail) => {
  expect(commandTail(commandLine, name)).toBe(tail);
});
