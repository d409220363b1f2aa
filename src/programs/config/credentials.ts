import { join } from 'node:path';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { readText } from '../../kit/files/user-file.ts';
import { writeWhole } from './atomic-file.ts';

const TOKEN_LIMIT = 1024;
/** With blanks around the token. */
const FILE_LIMIT_BYTES = 2048;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'file not found',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  NOT_A_FILE: 'not a regular file',
};

/** A token as it was given by `origin`. Throws OpError `token`, whose message says what is wrong with it but not what it is. */
export function usableToken(token: string, origin: string): string {
  const fault = tokenFault(token);
  if (fault === undefined) return token;
  throw new OpError({ op: 'token', code: 'BAD_VALUE', message: `${origin} ${fault}` });
}

/** What is wrong with a token, which is not in it; undefined: it can be sent in a URL and in a header. */
function tokenFault(token: string): string | undefined {
  if (token === '') return 'contains no token';
  if (token.length > TOKEN_LIMIT) return `is longer than ${TOKEN_LIMIT} characters`;
  return /^[\x21-\x7e]+$/.test(token)
    ? undefined
    : 'is not a token: accepted are printable ASCII characters without spaces';
}

/** The word in the file. Throws OpError `token file`, whose message says in one line what is wrong. */
export function readTokenFile(path: string): string {
  try {
    const token = readText(path, FILE_LIMIT_BYTES).trim();
    const fault = tokenFault(token);
    if (fault !== undefined) throw failure('BAD_VALUE', `'${path}' ${fault}`);
    return token;
  } catch (thrown) {
    const { op, code } = toOpError('token file', thrown);
    if (op === 'token file' && thrown instanceof OpError) throw thrown;
    if (code === 'TOO_LONG') throw failure('EFBIG', `'${path}' is too long for a token`);
    throw failure(code, `cannot read '${path}': ${REASONS[code] ?? code}`);
  }
}

function failure(code: string, what: string): OpError {
  return new OpError({ op: 'token file', code, message: `option '--token-file <file>': ${what}` });
}

/**
 * Where the certificate of an agent is kept that the user has said yes to, in the folder of the configuration: one file
 * for each host and port.
 */
export function knownCertificatePath(folder: string, hostName: string, port: number): string {
  const name = hostName.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '_');
  return join(folder, 'certificates', `${name}_${port}.pem`);
}

/** PEM of at most `limitBytes` of the certificate kept there; undefined: none is. OpError as `readWhole` and the system have it. */
export function readKnownCertificate(path: string, limitBytes: number): string | undefined {
  try {
    return readText(path, limitBytes);
  } catch (thrown) {
    const error = toOpError(`read ${path}`, thrown);
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Keeps a certificate. OpError with the system's code. */
export function keepCertificate(path: string, pem: string): void {
  writeWhole(path, pem);
}
