import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runtimePackageOf, TARGETS } from '../target.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const LICENSE_FILE = /^(licen[cs]e|copying|notice|copyrightnotice)(\.|$)/i;
/** What Bun says of its own licence and of what is linked into it, as its package of types brings it. */
const RUNTIME_LICENSES = `${ROOT}node_modules/bun-types/docs/project/license.mdx`;

/** A package that is in the executables, as package-lock.json names it. */
export interface Component {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
  /** `sha512-` and base64. */
  readonly integrity: string;
}

/** A library that is linked into Bun, by Bun's own list. */
export interface RuntimePart {
  readonly name: string;
  readonly url: string;
  readonly license: string;
}

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

/** The npm packages that the programs are made of, and what those ask for; not the tools that make them. */
export function programComponents(): readonly (Component & { readonly folder: string })[] {
  return Object.entries(lockEntries())
    .filter(([folder, entry]) => folder !== '' && entry.dev !== true && entry.optional !== true)
    .map(([folder, entry]) => ({ ...componentOf(folder, entry), folder: `${ROOT}${folder}` }));
}

/** Bun, once for each target. */
export function runtimeComponents(): readonly Component[] {
  const entries = lockEntries();
  return TARGETS.map((target) => {
    const folder = `node_modules/${runtimePackageOf(target)}`;
    return componentOf(folder, entries[folder] ?? {});
  });
}

/** The text of every licence that the package in this folder brings; empty where it brings none. */
export function licenseTexts(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => LICENSE_FILE.test(name))
    .sort()
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8').trim());
}

/** Bun's own words, without the page's head. */
export function runtimeLicenseText(): string {
  return readFileSync(RUNTIME_LICENSES, 'utf8')
    .replace(/^---\n.*?\n---\n/s, '')
    .trim();
}

/** Rows of the tables in Bun's words: | [`name`](url) | license |. */
export function runtimeParts(): readonly RuntimePart[] {
  const rows = runtimeLicenseText().matchAll(/^\|.*?\[`?([^\]`]+)`?\]\(([^)]+)\)[^|]*\|\s*([^|]+?)\s*\|$/gm);
  return [...rows].map(([, name = '', url = '', license = '']) => ({
    ...{ name, url },
    license: license.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1'),
  }));
}

function lockEntries(): Record<string, LockEntry> {
  return JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')).packages;
}

function componentOf(folder: string, entry: LockEntry): Component {
  const { version = '', license = '', integrity = '' } = entry;
  return { name: folder.slice(folder.lastIndexOf('node_modules/') + 13), version, license, integrity };
}
