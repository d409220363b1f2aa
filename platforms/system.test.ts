import { describe, expect, test } from 'bun:test';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemNamed } from './system.ts';

const folderOf = (platformName: string, environment: Record<string, string>): string =>
  systemNamed(platformName, environment).configFolder(environment);

describe.each(['linux', 'darwin', 'freebsd'])('on %s', (platformName) => {
  test.each([
    [{ XDG_CONFIG_HOME: '/etc/me', HOME: '/home/me' }, '/etc/me/socktop'],
    [{ XDG_CONFIG_HOME: '', HOME: '/home/me' }, '/home/me/.config/socktop'],
    [{ XDG_CONFIG_HOME: 'here', HOME: '/home/me' }, '/home/me/.config/socktop'],
    [{ HOME: '/home/me', APPDATA: '/appdata' }, '/home/me/.config/socktop'],
    [{ HOME: 'x' }, `${homedir()}/.config/socktop`],
    [{}, `${homedir()}/.config/socktop`],
  ])('the configuration of %j is in %s', (environment, expected) => {
    expect(folderOf(platformName, environment)).toBe(expected);
  });

  test.each([
    [{ XDG_STATE_HOME: '/var/me', HOME: '/home/me' }, '/var/me/socktop'],
    [{ XDG_STATE_HOME: 'here', HOME: '/home/me' }, '/home/me/.local/state/socktop'],
    [{ HOME: '/home/me' }, '/home/me/.local/state/socktop'],
  ])('the state of %j is in %s', (environment, expected) => {
    expect(systemNamed(platformName, environment).stateFolder(environment)).toBe(expected);
  });

  test('the terminal is a device, shells stop jobs, and the environment is what it says', () => {
    const { terminalPath, hasJobControl, terminalEnvironment } = systemNamed(platformName, {});
    expect([terminalPath, hasJobControl]).toEqual(['/dev/tty', true]);
    const environment = { TERM: 'dumb' };
    expect(terminalEnvironment(environment)).toBe(environment);
  });
});

describe('on win32', () => {
  // The separator is the one of the system that the test runs on; what is tested is which folder it is.
  const USUAL = join(homedir(), 'AppData', 'Roaming', 'socktop');

  test.each([
    [{ APPDATA: '/Users/me/AppData/Roaming' }, '/Users/me/AppData/Roaming/socktop'],
    [{ APPDATA: '/Users/me/AppData/Roaming', XDG_CONFIG_HOME: '/x' }, '/Users/me/AppData/Roaming/socktop'],
    [{ APPDATA: 'here' }, USUAL],
    [{ APPDATA: '' }, USUAL],
    [{}, USUAL],
  ])('the configuration of %j is in %s', (environment, expected) => {
    expect(folderOf('win32', environment)).toBe(expected);
  });

  test('the state stays on the machine', () => {
    const stateOf = (environment: Record<string, string>) =>
      systemNamed('win32', environment).stateFolder(environment);
    expect(stateOf({ LOCALAPPDATA: '/Users/me/Local' })).toBe('/Users/me/Local/socktop');
    expect(stateOf({ LOCALAPPDATA: 'here' })).toBe(join(homedir(), 'AppData', 'Local', 'socktop'));
  });

  test('the terminal is a console that no shell stops', () => {
    const { name, terminalPath, hasJobControl } = systemNamed('win32', {});
    expect([name, terminalPath, hasJobControl]).toEqual(['windows', undefined, false]);
  });

  test('a console that says nothing has colours and UTF-8; what somebody has set goes before', () => {
    const { terminalEnvironment } = systemNamed('win32', {});
    expect(terminalEnvironment({ PATH: 'p', TERM: '' })).toEqual({
      ...{ PATH: 'p', TERM: 'xterm-256color' },
      ...{ COLORTERM: 'truecolor', LC_CTYPE: 'C.UTF-8' },
    });
    const set = { TERM: 'xterm', LANG: 'C', NO_COLOR: '1' };
    expect(terminalEnvironment(set)).toEqual(set);
  });

  test('tables of names are those of Windows, wherever it is', () => {
    const { nameFiles } = systemNamed('win32', { SystemRoot: '/WINNT' });
    expect(nameFiles.hostsPath).toBe('/WINNT/System32/drivers/etc/hosts');
    expect(nameFiles.servicesPath).toBe('/WINNT/System32/drivers/etc/services');
    expect(systemNamed('win32', { SystemRoot: 'x' }).nameFiles.hostsPath).toStartWith('C:\\Windows');
  });
});
