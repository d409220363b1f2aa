/** The user id of Linux is 32 bits; the largest means "none". */
const UID_MAX = 0xfffffffe;

/**
 * /etc/passwd (passwd(5)): user names by uid; of two names for one uid the first, as getpwuid(3) does. Lines that
 * are no entries (comments, NIS marks, cut ones) are passed over.
 *
 *   name:password:uid:gid:comment:home:shell
 */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , uidText] = line.split(':', 4);
    if (name === undefined || uidText === undefined || !/^[^#+-]/.test(name)) continue;
    if (!/^[0-9]{1,10}$/.test(uidText)) continue;
    const uid = Number(uidText);
    if (uid <= UID_MAX && !names.has(uid)) names.set(uid, name);
  }
  return names;
}
