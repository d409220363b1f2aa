import { OpError } from '../../kit/errors/op-error.ts';
import {
  inFile,
  isSameProfile,
  type Profile,
  profileNamed,
  profileNames,
  readProfiles,
  saveProfile,
} from '../config/profiles.ts';
import { ask, canAsk, confirm, tell } from '../shared/messages.ts';

/** The built-in entry of the profile list. */
export const DEMO_PROFILE = 'demo';
const ATTEMPTS_LIMIT = 5;

/** The user's choice: a profile, the demo, or nothing. */
export type Choice =
  | { readonly kind: 'profile'; readonly name: string; readonly profile: Profile }
  | { readonly kind: 'demo' }
  | { readonly kind: 'nothing' };

/** Whether the profile was saved. */
export function hasProfile(name: string, path: string): boolean {
  return profileNames(readProfiles(path)).includes(name);
}

/**
 * Saves a profile. An existing one is overwritten after confirmation, or without it if `isForced`. Throws OpError
 * `EXISTS` if the user cannot be asked, `DAMAGED`, or the system's code.
 */
export async function rememberProfile(
  name: string,
  profile: Profile,
  isForced: boolean,
  path: string,
): Promise<void> {
  const document = readProfiles(path);
  if (profileNames(document).includes(name) && !isForced) {
    if (isUnchanged(path, () => profileNamed(document, name), profile)) return;
    if (!canAsk()) {
      const message = `profile '${name}' exists; use --save to overwrite it`;
      throw new OpError({ op: 'save profile', code: 'EXISTS', message });
    }
    if (!confirm(`Overwrite existing profile '${name}'?`, 'no')) {
      tell(`Profile '${name}' was not changed.`);
      return;
    }
  }
  await saveProfile(path, name, profile);
}

/**
 * Lists the profiles and asks for one; without profiles prints a welcome. `lacking`: why this machine cannot be
 * monitored, so that there is no demo; undefined: it can. Throws OpError `DAMAGED`, `NO_PROFILE` if there is nothing to
 * choose, or the error of the system.
 */
export function chooseProfile(path: string, lacking: string | undefined): Choice {
  const document = readProfiles(path);
  const names = profileNames(document);
  if (names.length === 0) return welcome(lacking);
  const isWatchable = lacking === undefined;
  const entries = isWatchable ? [...names.filter((name) => name !== DEMO_PROFILE), DEMO_PROFILE] : names;
  tell('Select profile:');
  for (const [at, name] of entries.entries()) tell(`  ${at + 1}. ${name}`);
  const name = pick(entries);
  if (name === undefined) return { kind: 'nothing' };
  if (name === DEMO_PROFILE && isWatchable) return { kind: 'demo' };
  const profile = inFile(path, () => profileNamed(document, name));
  return profile === undefined ? { kind: 'nothing' } : { kind: 'profile', name, profile };
}

function pick(entries: readonly string[]): string | undefined {
  for (let attempt = 0; attempt < ATTEMPTS_LIMIT; attempt++) {
    const answer = ask('Enter number (or blank to abort): ');
    if (answer === undefined || answer === '') return undefined;
    const entry = /^\d{1,6}$/.test(answer) ? entries[Number(answer) - 1] : undefined;
    if (entry !== undefined) return entry;
    tell(`The list has no number ${answer.slice(0, 20)}.`);
  }
  return undefined;
}

function welcome(lacking: string | undefined): Choice {
  if (lacking !== undefined) {
    const message = `no saved profile, and ${lacking}`;
    throw new OpError({ op: 'profile', code: 'NO_PROFILE', message });
  }
  tell('Welcome to socktop.');
  tell('No profile is saved yet, and no URL was given.');
  tell('  socktop ssh://HOST           monitor a machine over ssh');
  tell('  socktop wss://HOST:8443/ws   monitor a machine that runs socktop-agent');
  tell('  socktop --local              monitor this machine, without an agent');
  tell('  socktop --help               show all options');
  const wantsDemo = confirm('Start the demo now (an agent inside this program)?', 'yes');
  return wantsDemo ? { kind: 'demo' } : { kind: 'nothing' };
}

/** A damaged profile differs from the new one. */
function isUnchanged(path: string, read: () => Profile | undefined, profile: Profile): boolean {
  const before = inFile(path, read);
  return before !== undefined && isSameProfile(before, profile);
}
