import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { readWhole, utf8Of, withUserRights } from '../../kit/files/user-file.ts';
import { withFileLock, writeWhole } from './atomic-file.ts';

/** Saved connection to an agent. */
export interface Profile {
  /** As given by the user; may contain a token. */
  readonly url: string;
  /** As given by the user. */
  readonly tlsCaPath: string | undefined;
  readonly verifyHostname: boolean;
  readonly tokenFile: string | undefined;
  /** At least 100 and 200; undefined: default. */
  readonly metricsIntervalMillis: number | undefined;
  readonly processesIntervalMillis: number | undefined;
}

/** The members of a profile in the file, in order. */
const MEMBERS = {
  url: 'url',
  tlsCaPath: 'tls_ca',
  verifyHostname: 'verify_hostname',
  tokenFile: 'token_file',
  metricsIntervalMillis: 'metrics_interval_ms',
  processesIntervalMillis: 'processes_interval_ms',
} as const satisfies Readonly<Record<keyof Profile, string>>;
const FIELDS = Object.keys(MEMBERS) as readonly (keyof Profile)[];

/** Content of the file, including everything that this program does not know. */
interface ProfilesDocument {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly profiles: Readonly<Record<string, unknown>>;
}

const NO_PROFILES: ProfilesDocument = { fields: { profiles: {}, version: 0 }, profiles: {} };

const METRICS_LEAST_MILLIS = 100;
const PROCESSES_LEAST_MILLIS = 200;

/** Parses the text of a file. Throws OpError `DAMAGED` with a message about the error. */
export function parseProfiles(text: string): ProfilesDocument {
  let value: unknown;
  try {
    value = JSON.parse(text, keepNumber);
  } catch (cause) {
    throw damaged('not valid JSON', cause);
  }
  if (!isRecord(value)) throw damaged('not a JSON object');
  const profiles = value['profiles'] ?? {};
  if (!isRecord(profiles)) throw damaged('"profiles" is not an object');
  return { fields: value, profiles };
}

/** Keeps a number as text if writing it would change it (1e400): it may belong to another program. */
function keepNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return JSON.stringify(value) === context.source ? value : rawJson.rawJSON(context.source);
}

/** Part of ES2026, but not yet in the compiler's library. */
const rawJson = JSON as unknown as {
  rawJSON(text: string): { readonly rawJSON: string };
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
};

/** Text of a file, in a form that the original client can read. */
export function printProfiles({ fields, profiles }: ProfilesDocument): string {
  return `${JSON.stringify({ ...fields, profiles }, undefined, 2)}\n`;
}

/** Names of all profiles, in order. */
export function profileNames({ profiles }: ProfilesDocument): readonly string[] {
  return Object.keys(profiles).sort();
}

/** Returns a profile; undefined: no such profile. Throws OpError `DAMAGED` if it is invalid. */
export function profileNamed({ profiles }: ProfilesDocument, name: string): Profile | undefined {
  if (!Object.hasOwn(profiles, name)) return undefined;
  const entry = profiles[name];
  if (!isRecord(entry)) throw damaged(`profile '${name}' is not an object`);
  const url = textOf(entry, MEMBERS.url, name);
  if (url === undefined) throw damaged(`profile '${name}' has no "url"`);
  return {
    url,
    tlsCaPath: textOf(entry, MEMBERS.tlsCaPath, name),
    verifyHostname: entry[MEMBERS.verifyHostname] === true,
    tokenFile: textOf(entry, MEMBERS.tokenFile, name),
    metricsIntervalMillis: millisOf(entry, MEMBERS.metricsIntervalMillis, METRICS_LEAST_MILLIS, name),
    processesIntervalMillis: millisOf(entry, MEMBERS.processesIntervalMillis, PROCESSES_LEAST_MILLIS, name),
  };
}

/** The document with the profile; unknown members under the same name are kept. */
export function withProfile(document: ProfilesDocument, name: string, profile: Profile): ProfilesDocument {
  const known = new Set<string>(Object.values(MEMBERS));
  const before = Object.hasOwn(document.profiles, name) ? document.profiles[name] : undefined;
  const others = isRecord(before) ? Object.entries(before).filter(([key]) => !known.has(key)) : [];
  const own = FIELDS.map((field) => [MEMBERS[field], profile[field]] as const);
  const given = own.filter(([, value]) => value !== undefined && value !== false);
  const written = Object.fromEntries([...given, ...others]);
  // A name such as __proto__ must not be assigned to.
  const profiles = Object.fromEntries([
    ...Object.entries(document.profiles).filter(([key]) => key !== name),
    [name, written],
  ]);
  return { fields: document.fields, profiles };
}

/** Whether saving one profile over the other would change nothing. */
export function isSameProfile(one: Profile, other: Profile): boolean {
  return FIELDS.every((field) => one[field] === other[field]);
}

function textOf(entry: Readonly<Record<string, unknown>>, key: string, name: string): string | undefined {
  const value = entry[key] ?? undefined;
  if (value !== undefined && (typeof value !== 'string' || value === '')) {
    throw damaged(`"${key}" of profile '${name}' is not a string`);
  }
  return value;
}

function millisOf(
  entry: Readonly<Record<string, unknown>>,
  key: string,
  least: number,
  name: string,
): number | undefined {
  const found = entry[key] ?? undefined;
  if (found === undefined) return undefined;
  const value = rawJson.isRawJSON(found) ? Number(found.rawJSON) : found;
  if (typeof value !== 'number' || !(value >= 0 && value <= 86_400_000)) {
    throw damaged(`"${key}" of profile '${name}' is not a number of milliseconds`);
  }
  return Math.max(least, Math.round(value));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !rawJson.isRawJSON(value);
}

function damaged(message: string, cause?: unknown): OpError {
  return new OpError({ op: 'read profiles', code: 'DAMAGED', message, cause });
}

const LONGEST_BYTES = 1 << 20;

/** Path of `profiles.json` in the configuration folder. */
export function profilesPath(folder: string): string {
  return join(folder, 'profiles.json');
}

/** The profiles of a file, none without a file. OpError `DAMAGED` or the system's code; the message has the path. */
export function readProfiles(path: string): ProfilesDocument {
  try {
    // With its mark and no invalid bytes, which would not be written back unchanged.
    return parseProfiles(utf8Of(readWhole(path, LONGEST_BYTES), true));
  } catch (thrown) {
    const error = toOpError('read', thrown);
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return NO_PROFILES;
    const isOther = OTHER_THINGS[error.code];
    const code = isOther === undefined ? error.code : 'DAMAGED';
    const why = isOther ?? (code === 'DAMAGED' ? error.message : `cannot be read (${code})`);
    throw new OpError({
      op: 'read profiles',
      code,
      message: `${path}: ${why}; the file is not changed`,
      cause: error,
    });
  }
}

/** Faults of a file of profiles. */
const OTHER_THINGS: Readonly<Record<string, string>> = {
  EISDIR: 'not a regular file',
  NOT_A_FILE: 'not a regular file',
  TOO_LONG: 'longer than 1 MiB',
  NOT_UTF8: 'not UTF-8 text',
};

/**
 * Saves one profile in the file, also while other programs write to it. Never overwrites a damaged file. Throws OpError
 * as `readProfiles`, and `EACCES`, `EROFS`, `ENOSPC`, `LOCKED`, `TOO_LONG`.
 */
export async function saveProfile(path: string, name: string, profile: Profile): Promise<void> {
  try {
    withUserRights(() => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
    await withFileLock(path, () => {
      const text = printProfiles(withProfile(readProfiles(path), name, profile));
      // It could not be read again, with all profiles that are in it.
      if (Buffer.byteLength(text) > LONGEST_BYTES) throw new OpError({ op: 'write', code: 'TOO_LONG' });
      writeWhole(path, text);
    });
  } catch (thrown) {
    const error = toOpError('save profile', thrown);
    if (error.op === 'read profiles') throw error;
    throw new OpError({
      op: 'save profile',
      code: error.code,
      message: `profile '${name}' is not saved in ${path} (${error.code})`,
      cause: error,
    });
  }
}

/** A saved profile. Throws OpError: `NO_PROFILE`, `DAMAGED` and what the system says, each in one line. */
export function loadProfile(name: string, path: string): Profile {
  const document = readProfiles(path);
  const profile = inFile(path, () => profileNamed(document, name));
  if (profile !== undefined) return profile;
  const names = profileNames(document);
  const known = names.length === 0 ? 'no profiles are saved' : `saved profiles: ${names.join(', ')}`;
  throw new OpError({
    op: 'profile',
    code: 'NO_PROFILE',
    message: `no profile '${name}' in ${path}; ${known}. To save it, add a URL`,
  });
}

/** Adds the file's path to the message. */
export function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof OpError)) throw thrown;
    const { op, code, message } = thrown;
    throw new OpError({ op, code, message: `${path}: ${message}`, cause: thrown });
  }
}
