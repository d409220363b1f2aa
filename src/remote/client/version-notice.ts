import type { Capabilities } from '../wire/agent-capabilities.ts';

/** What is to be said of the versions of both ends, one line; undefined: they are the same and the agent says nothing. */
export function versionNotice({ version, notice }: Capabilities, ownVersion: string): string | undefined {
  if (notice !== undefined && notice !== '') return notice;
  if (version === ownVersion) return undefined;
  const order = compareVersions(version, ownVersion);
  if (order === undefined) return `the agent is version ${version || 'unknown'}, this program ${ownVersion}`;
  const [older, newer] = order < 0 ? ['agent', 'this program'] : ['program', 'the agent'];
  return order < 0
    ? `the ${older} is version ${version}, older than ${newer} (${ownVersion}): what it does not tell is shown as -`
    : `this ${older} is version ${ownVersion}, older than ${newer} (${version}): it does not show all that there is`;
}

/** Below 0: `one` is older; undefined: one of them is no version. */
function compareVersions(one: string, other: string): number | undefined {
  const left = numbersOf(one);
  const right = numbersOf(other);
  if (left === undefined || right === undefined) return undefined;
  for (const [at, number] of left.entries()) {
    if (number !== right[at]) return number - right[at]!;
  }
  return undefined;
}

function numbersOf(version: string): readonly number[] | undefined {
  const match = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})/.exec(version);
  return match === null ? undefined : match.slice(1).map(Number);
}
