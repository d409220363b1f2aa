import type { Platform } from '../src/data/sample/platform.ts';
import { OpError } from '../src/kit/errors/op-error.ts';

// Not a static import: what stands behind it opens the C library of Linux at once.
const linux = process.platform === 'linux' ? await import('./linux/linux-platform.ts') : undefined;

/** The operating system that this program runs on. Throws OpError (`ENOTSUP`) on one that is not supported. */
export function currentPlatform(): Platform {
  if (linux !== undefined) return new linux.LinuxPlatform();
  throw new OpError({
    op: 'platform',
    code: 'ENOTSUP',
    message: `${process.platform} is not supported: sstop runs on linux`,
  });
}
