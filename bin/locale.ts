/**
 * Whether only ASCII can be relied on: a locale that is not UTF-8 (POSIX: LC_ALL goes before LC_CTYPE before LANG),
 * or the Linux console, whose font has no blocks and no braille.
 */
export function isAsciiTerminal(environment: Readonly<Record<string, string | undefined>>): boolean {
  if (environment['TERM'] === 'linux') return true;
  const chosen = [environment['LC_ALL'], environment['LC_CTYPE'], environment['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return !/utf-?8/i.test(chosen ?? '');
}
