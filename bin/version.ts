import manifest from '../package.json' with { type: 'json' };

/** The version of all three programs. */
export const VERSION: string = manifest.version;

/** What `--version` prints after the name: the version and what it was built from. */
export const BUILD_VERSION = `${VERSION} (${process.env['SSTOP_REVISION'] ?? 'from source'})`;
