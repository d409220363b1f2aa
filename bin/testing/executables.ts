import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The executable as people get it. Built by the test runner before the end-to-end tests. */
export const SSTOP = `${ROOT}dist/sstop`;
/** The others of the same image. */
export const SOCKTOP = `${ROOT}dist/socktop`;
export const SOCKTOP_AGENT = `${ROOT}dist/socktop-agent`;
/** The same with fault injection (SSTOP_FAULT). */
export const SSTOP_TEST_BUILD = `${ROOT}dist/test/sstop`;
export const FIXTURES = `${ROOT}bin/testing`;
