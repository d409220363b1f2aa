import { readFileSync, statSync } from 'node:fs';
import { OpError, toOpError } from '../src/kit/errors/op-error.ts';

const TOKEN_LIMIT_BYTES = 1024;

/** The word in the file. Throws OpError `token file`, whose message says in one line what is wrong. */
export function readTokenFile(path: string): string {
  try {
    if (statSync(path).size > TOKEN_LIMIT_BYTES) throw failure('EFBIG', `'${path}' is too long for a token`);
    const token = readFileSync(path, 'utf8').trim();
    if (token === '') throw failure('EMPTY', `'${path}' holds no token`);
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw failure('BAD_VALUE', `'${path}' holds something else than one word in ASCII`);
    }
    return token;
  } catch (thrown) {
    if (thrown instanceof OpError) throw thrown;
    const { code } = toOpError('token file', thrown);
    throw failure(code, `cannot read '${path}' (${code})`);
  }
}

function failure(code: string, what: string): OpError {
  return new OpError({ op: 'token file', code, message: `option '--token-file <file>': ${what}` });
}
