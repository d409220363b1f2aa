import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toOpError } from '../../kit/errors/op-error.ts';
import { writeWhole } from './atomic-file.ts';

/**
 * Where the certificate of an agent is kept that the user has said yes to, in the folder of the configuration: one file
 * for each host and port.
 */
export function knownCertificatePath(folder: string, hostName: string, port: number): string {
  const name = hostName.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '_');
  return join(folder, 'certificates', `${name}_${port}.pem`);
}

/** PEM of the certificate kept there; undefined: none is. OpError with the system's code. */
export function readKnownCertificate(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
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
