import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { readText } from '../../kit/files/user-file.ts';

const TOKEN_LIMIT = 1024;
/** With blanks around the token. */
const FILE_LIMIT_BYTES = 2048;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'it is a folder',
  NOT_A_FILE: 'not a regular file',
};

/** What is wrong with a token, which is not in it; undefined: it can be sent in a header. */
export function tokenFault(token: string): string | undefined {
  if (token === '') return 'no token';
  if (token.length > TOKEN_LIMIT) return `more than ${TOKEN_LIMIT} characters`;
  return /^[\x21-\x7e]+$/.test(token) ? undefined : 'something else than one word in ASCII';
}

/** The word in the file. Throws OpError `token file`, whose message says in one line what is wrong. */
export function readTokenFile(path: string): string {
  try {
    const token = readText(path, FILE_LIMIT_BYTES).trim();
    const fault = tokenFault(token);
    if (fault !== undefined) throw failure('BAD_VALUE', `'${path}' holds ${fault}`);
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
