import { join } from 'node:path';
import { FILE_REASONS, OpError, toOpError } from '../../kit/errors/op-error.ts';
import { readText } from '../../kit/files/user-file.ts';

const TOKEN_LIMIT = 1024;
/** Including whitespace around the token. */
const FILE_LIMIT_BYTES = 2048;

/** The token if it is valid, else OpError `token`; the message names `origin` and the fault, never the token. */
export function usableToken(token: string, origin: string): string {
  const fault = tokenFault(token);
  if (fault === undefined) return token;
  throw new OpError({ op: 'token', code: 'BAD_VALUE', message: `${origin} ${fault}` });
}

/** Returns what is wrong with a token, without the token; undefined: it can be sent in a URL and in a header. */
function tokenFault(token: string): string | undefined {
  if (token === '') return 'contains no token';
  if (token.length > TOKEN_LIMIT) return `is longer than ${TOKEN_LIMIT} characters`;
  return /^[\x21-\x7e]+$/.test(token) ? undefined : 'must be printable ASCII without spaces';
}

/** Reads the token in a file. Throws OpError `token file` with a one-line message. */
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
    throw failure(code, `cannot read '${path}': ${FILE_REASONS[code] ?? code}`);
  }
}

function failure(code: string, what: string): OpError {
  return new OpError({ op: 'token file', code, message: `option '--token-file <file>': ${what}` });
}

/** Path of the certificate that the user accepted for an agent: one file per host and port. */
export function knownCertificatePath(folder: string, hostName: string, port: number): string {
  const name = hostName.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '_');
  return join(folder, 'certificates', `${name}_${port}.pem`);
}

/** Reads a saved certificate as PEM, at most `limitBytes`; undefined: no such file. Throws OpError. */
export function readKnownCertificate(path: string, limitBytes: number): string | undefined {
  try {
    return readText(path, limitBytes);
  } catch (thrown) {
    const error = toOpError(`read ${path}`, thrown);
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}
