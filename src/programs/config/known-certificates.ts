import { join } from 'node:path';
import { toOpError } from '../../kit/errors/op-error.ts';
import { readText } from '../../kit/files/user-file.ts';
import { writeWhole } from './atomic-file.ts';

/**
 * Where the certificate of an agent is kept that the user has said yes to, in the folder of the configuration: one file
 * for each host and port.
 */
export function knownCertificatePath(folder: string, hostName: string, port: number): string {
  const name = hostName.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '_');
  return join(folder, 'certificates', `${name}_${port}.pem`);
}

/** PEM of at most `limitBytes` of the certificate kept there; undefined: none is. OpError as `readWhole` and the system have it. */
export function readKnownCertificate(path: string, limitBytes: number): string | undefined {
  try {
    return readText(path, limitBytes);
  } catch (thrown) {
    const error = toOpError(`read ${path}`, thrown);
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Keeps a certificate. OpError with the system's code. */
export function keepCertificate(path: string, pem: string): void {
  writeWhole(path, pem);
}
