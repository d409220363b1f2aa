import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Role } from '../../executable.ts';
import { type DebianControl, installedSize, textMember } from './debian-archive.ts';
import { licensesOfAll, ownLicense } from './licenses.ts';
import type { TarMember } from './tar.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;
const LINK_MODE = 0o777;
const MAINTAINER = 'The sstop and socktop authors <sstop@example.org>';
/** What the runtime asks of the C library. */
const LIBC = 'libc6 (>= 2.17)';
const DEFAULTS = '/etc/default/socktop-agent';
const OLD_AGENT = 'socktop_agent';

/** Its name is the program's. */
interface PackageFacts {
  readonly manualSection: number;
  readonly summary: string;
  readonly description: readonly string[];
  readonly dependencies: string;
}

const PACKAGES: Readonly<Record<Role, PackageFacts>> = {
  sstop: {
    manualSection: 1,
    summary: 'per-process network bandwidth monitor',
    description: [
      'sstop counts the bytes that each process sends and receives and shows',
      'them live in the terminal, with connections, remote hosts and listening',
      'ports. It also exports JSON and CSV and records to a file.',
    ],
    dependencies: LIBC,
  },
  socktop: {
    manualSection: 1,
    summary: 'system monitor for the terminal, for local and remote machines',
    description: [
      'socktop shows CPU, memory, disks, network, GPUs and processes of this',
      'machine, or of remote machines through socktop-agent and TLS.',
    ],
    dependencies: LIBC,
  },
  'socktop-agent': {
    manualSection: 8,
    summary: 'serves system metrics of this machine to socktop and sstop',
    description: [
      'The agent serves clients over WebSocket, optionally with TLS and a token,',
      'and exports metrics for Prometheus. The package installs a systemd',
      'service and does not start it.',
    ],
    dependencies: `${LIBC}, adduser`,
  },
};

/** The files of a package: those before the executable, and the executable, which is the last one in the archive. */
interface DebianFiles {
  readonly others: readonly TarMember[];
  readonly executable: TarMember;
}

/** `image` is the executable's bytes. */
export function debianFiles(name: Role, version: string, image: Uint8Array, seconds: number): DebianFiles {
  const { manualSection: section } = PACKAGES[name];
  const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');
  const manual = `./usr/share/man/man${section}/${name}.${section}.gz`;
  const documents = `./usr/share/doc/${name}`;
  const files = [
    zipped(manual, read(`docs/man/${name}.${section}`)),
    plain(`./usr/share/bash-completion/completions/${name}`, read(`docs/completions/${name}.bash`)),
    plain(`./usr/share/zsh/vendor-completions/_${name}`, read(`docs/completions/_${name}`)),
    plain(`./usr/share/fish/vendor_completions.d/${name}.fish`, read(`docs/completions/${name}.fish`)),
    plain(`${documents}/copyright`, copyright(name)),
    zipped(`${documents}/LICENSES.gz`, licensesOfAll()),
    zipped(`${documents}/changelog.gz`, changelog(name, version, seconds)),
    plain(`./usr/share/lintian/overrides/${name}`, overrides(name)),
    ...(name === 'socktop-agent'
      ? [...agentFiles(read, manual), plain(`${documents}/alerts.md`, read('docs/alerts.md'))]
      : [plain(`${documents}/examples/config.yaml`, read('docs/config.example.yaml'))]),
  ];
  return {
    others: withFolders(files),
    executable: { name: `./usr/bin/${name}`, kind: 'file', mode: FOLDER_MODE, contents: image },
  };
}

/** What dpkg is told about the package with these files. `cpu` is Debian's name of the architecture. */
export function debianControl(name: Role, version: string, cpu: string, files: DebianFiles): DebianControl {
  const { summary, description, dependencies } = PACKAGES[name];
  const isAgent = name === 'socktop-agent';
  const script = (part: string): string =>
    readFileSync(`${ROOT}packaging/debian/socktop-agent.${part}`, 'utf8');
  return {
    fields: {
      ...{ Package: name, Version: version, Architecture: cpu, Maintainer: MAINTAINER },
      'Installed-Size': String(installedSize([...files.others, files.executable])),
      ...{ Depends: dependencies, Section: 'net', Priority: 'optional' },
      Description: [summary, ...description].join('\n '),
    },
    scripts: isAgent
      ? { postinst: script('postinst'), postrm: script('postrm'), prerm: script('prerm') }
      : {},
    conffiles: isAgent ? [DEFAULTS] : [],
  };
}

function agentFiles(read: (path: string) => string, manual: string): TarMember[] {
  return [
    plain(`.${DEFAULTS}`, read('packaging/debian/socktop-agent.default')),
    plain('./usr/lib/systemd/system/socktop-agent.service', debianUnit(read('docs/socktop-agent.service'))),
    link(`./usr/bin/${OLD_AGENT}`, 'socktop-agent'),
    link(manual.replace('socktop-agent', OLD_AGENT), 'socktop-agent.8.gz'),
  ];
}

/** The unit of docs/, with the package's folder. */
function debianUnit(unit: string): string {
  return unit.replaceAll('/usr/local/bin/', '/usr/bin/').replace('docs/install.md', DEFAULTS);
}

function copyright(name: Role): string {
  const license = ownLicense()
    .trim()
    .split('\n')
    .slice(2)
    .map((line) => (line === '' ? ' .' : ` ${line}`))
    .join('\n');
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    'Upstream-Name: sstop',
    `Comment: the executable is built on the runtime Bun ${Bun.version}, which is in it; the licences of Bun, of what`,
    ` is linked into it and of the npm packages are in /usr/share/doc/${name}/LICENSES.gz`,
    '',
    'Files: *',
    'Copyright: 2026 The sstop and socktop authors',
    'License: Expat',
    license,
    '',
  ].join('\n');
}

/** As deb-changelog(5) wants it; what has changed stands in CHANGELOG.md. */
function changelog(name: Role, version: string, seconds: number): string {
  const date = new Date(seconds * 1000).toUTCString().replace('GMT', '+0000');
  return `${name} (${version}) unstable; urgency=medium\n\n  * Release ${version}; see CHANGELOG.md of the project.\n\n -- ${MAINTAINER}  ${date}\n`;
}

function overrides(name: Role): string {
  return [
    '# The program is in the file behind the symbols: stripped, it would be the plain runtime.',
    `${name}: unstripped-binary-or-object *usr/bin/${name}*`,
    '# The runtime is linked to its own copies.',
    `${name}: embedded-library *usr/bin/${name}*`,
    '',
  ].join('\n');
}

function plain(name: string, text: string): TarMember {
  return textMember(name, text, FILE_MODE);
}

function zipped(name: string, text: string): TarMember {
  return { name, kind: 'file', mode: FILE_MODE, contents: new Uint8Array(gzipSync(text, { level: 9 })) };
}

function link(name: string, target: string): TarMember {
  return { name, kind: 'link', mode: LINK_MODE, target };
}

/** The members in order, each after the folders that it stands in; those of the executable are there too. */
function withFolders(files: readonly TarMember[]): TarMember[] {
  const folders = new Set(['./', './usr/', './usr/bin/']);
  for (const { name } of files) {
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1))
      folders.add(name.slice(0, at + 1));
  }
  const members = [
    ...[...folders].map((name) => ({ name, kind: 'folder' as const, mode: FOLDER_MODE })),
    ...files,
  ];
  return members.sort((a, b) => (a.name < b.name ? -1 : 1));
}
