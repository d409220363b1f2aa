import { accessSync, constants, statSync } from 'node:fs';
import type { AlertRule } from '../../data/alerts/alert-rule.ts';
import { FILE_REASONS, OpError, toOpError } from '../../kit/errors/op-error.ts';
import { faultOfOwner, readTrusted, utf8Of } from '../../kit/files/user-file.ts';
import { alertRulesOf, knownEntries } from './config-entries.ts';
import { problemText } from './config-file.ts';
import { described, type Value, YamlFile } from './yaml-file.ts';

export interface AlertsFile {
  readonly rules: readonly AlertRule[];
  /** Absolute path and arguments of the program that is started on each change; undefined: none. */
  readonly exec: readonly string[] | undefined;
  /** URL that each change is posted to; undefined: none. A secret: never print it. */
  readonly webhookUrl: string | undefined;
}

const LIMIT_BYTES = 64 << 10;
const ARGUMENTS_MOST = 64;
const KEYS = ['rules', 'exec', 'webhook'] as const;
const URLS = /[a-z][a-z0-9+.-]*:\/\/\S+/gi;

const REASONS: Readonly<Record<string, string>> = {
  ...FILE_REASONS,
  TOO_LONG: `longer than ${LIMIT_BYTES >> 10} KiB`,
  FOREIGN_FILE: 'owned by another user; accepted are root and the user of the agent',
  WRITABLE: 'other users can write to it; run chmod go-w',
};

/**
 * Reads the file of `--alerts`, which must belong to root or the agent's user and must not be writable by others.
 * Throws OpError `alerts file` with one line about the first problem; the line never contains a URL.
 */
export function readAlertsFile(path: string): AlertsFile {
  return parseAlertsFile(readText(path), path);
}

function readText(path: string): string {
  try {
    return utf8Of(readTrusted(path, LIMIT_BYTES));
  } catch (thrown) {
    const { code } = toOpError('alerts file', thrown);
    throw failure(`option '--alerts <file>': '${path}': ${REASONS[code] ?? code}`);
  }
}

function failure(message: string): OpError {
  return new OpError({ op: 'alerts file', code: 'BAD_VALUE', message: message.replaceAll(URLS, 'URL') });
}

function parseAlertsFile(text: string, path: string): AlertsFile {
  const file = new YamlFile(path, true);
  const root = file.parse(text);
  const isMap = root?.kind === 'map';
  if (root !== undefined && !isMap)
    file.report(root.offset, `expected ${KEYS.join(', ')}, found ${described(root)}`);
  const entries = new Map(isMap ? knownEntries(file, root.entries, KEYS, 'key') : []);
  const rules = entries.get('rules');
  const exec = entries.get('exec');
  const webhook = entries.get('webhook');
  const alerts: AlertsFile = {
    rules: rules === undefined ? [] : alertRulesOf(file, rules),
    exec: exec && programOf(file, exec),
    webhookUrl: webhook && webhookOf(file, webhook),
  };
  if (alerts.rules.length === 0 && file.problems.length === 0) file.report(root?.offset, 'no rules');
  const first = file.problems[0];
  if (first !== undefined) throw failure(problemText(first).replace(/; the file is ignored$/, ''));
  return alerts;
}

/** A command whose program only root or the agent's user can have written. */
function programOf(file: YamlFile, value: Value): readonly string[] | undefined {
  const items = value.kind === 'list' ? value.items : [value];
  const argv = items.flatMap((item) => (item.kind === 'text' ? item.text : []));
  const [path] = argv;
  if (
    argv.length !== items.length ||
    argv.length > ARGUMENTS_MOST ||
    path === undefined ||
    !path.startsWith('/')
  ) {
    file.report(value.offset, 'exec takes an absolute path, or a list of it and its arguments');
    return undefined;
  }
  const fault = argv.some((each) => each.includes('\0')) ? 'an argument has a NUL' : faultOfProgram(path);
  if (fault !== undefined) file.report(value.offset, `exec '${path}': ${fault}`);
  return fault === undefined ? argv : undefined;
}

function faultOfProgram(path: string): string | undefined {
  try {
    const status = statSync(path);
    if (!status.isFile()) return REASONS['NOT_A_FILE'];
    accessSync(path, constants.X_OK);
    const fault = faultOfOwner(status);
    return fault && REASONS[fault];
  } catch (thrown) {
    const { code } = toOpError('stat', thrown);
    return code === 'EACCES' ? 'not executable' : (REASONS[code] ?? code);
  }
}

/** Never prints the value. Without TLS, only this machine is accepted. */
function webhookOf(file: YamlFile, value: Value): string | undefined {
  const url = value.kind === 'text' ? URL.parse(value.text) : null;
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const isAccepted = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal);
  if (url !== null && isAccepted && url.username === '' && url.password === '') return url.href;
  file.report(
    value.offset,
    'webhook takes an https:// URL without user and password; http:// only to localhost, 127.0.0.1 or [::1]',
  );
  return undefined;
}
