/** Further names than these are not kept. */
const NAMES_LIMIT = 4;

/** Names joined by spaces, up to four, and one more if it is not among them. What is full or has it costs no memory. */
export function joinedNames(all: string, name: string): string {
  return all === name || hasAllNames(all) || hasName(all, name) ? all : `${all} ${name}`;
}

/** Whether there are as many as are kept. */
export function hasAllNames(all: string): boolean {
  let count = 1;
  for (let at = all.indexOf(' '); at >= 0; at = all.indexOf(' ', at + 1)) count++;
  return count >= NAMES_LIMIT;
}

function hasName(all: string, name: string): boolean {
  for (let at = all.indexOf(name); at >= 0; at = all.indexOf(name, at + 1)) {
    const end = at + name.length;
    if ((at === 0 || all[at - 1] === ' ') && (end === all.length || all[end] === ' ')) return true;
  }
  return false;
}
