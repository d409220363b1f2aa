import { systemConfiguration } from './libc.ts';

/** The same numbers in glibc and musl. */
const SC_CLK_TCK = 2;
const SC_PAGESIZE = 30;

/** sysconf(_SC_CLK_TCK): ticks a second of every time in /proc/PID/stat. */
export const CLOCK_TICKS_PER_SECOND = systemConfiguration(SC_CLK_TCK);

export const PAGE_SIZE_BYTES = systemConfiguration(SC_PAGESIZE);
