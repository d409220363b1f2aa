import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { licenseTexts, programComponents, runtimeLicenseText } from './components.ts';

const LICENSE = fileURLToPath(new URL('../../../LICENSE', import.meta.url));
const RULE = '-'.repeat(78);

/** The project's own licence. */
export function ownLicense(): string {
  return readFileSync(LICENSE, 'utf8');
}

/** The licences of all that is in the executables. */
export function licensesOfAll(): string {
  const packages = programComponents().map(({ name, version, license, folder }) => {
    const texts = licenseTexts(folder);
    const body = texts.length > 0 ? texts.join('\n\n') : `${license}. The package brings no text of it.`;
    return section(`${name} ${version}: ${license}`, body);
  });
  return [
    section('sstop, socktop and socktop-agent: MIT', ownLicense()),
    section(`Bun ${Bun.version}, the runtime, and what is linked into it`, runtimeLicenseText()),
    ...packages,
  ].join('\n');
}

function section(title: string, body: string): string {
  return `${RULE}\n${title}\n${RULE}\n\n${body.trim()}\n`;
}
