import { readFileSync } from 'node:fs';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';

/** Default of the kernel (Documentation/networking/ip-sysctl.rst). */
const USUAL_FIRST_PORT = 32_768;

/** First of the ports that the kernel gives to sockets that do not ask for one (net.ipv4.ip_local_port_range). */
export function readFirstLocalPort(procRoot: string): number {
  const text = orUndefined(() => readFileSync(`${procRoot}/sys/net/ipv4/ip_local_port_range`, 'latin1'));
  return parseFirstLocalPort(text ?? '') ?? USUAL_FIRST_PORT;
}

/** Of two numbers the first; undefined where it is no port. */
export function parseFirstLocalPort(text: string): number | undefined {
  const digits = /^(\d{1,5})\s+\d{1,5}\s*$/.exec(text)?.[1];
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? port : undefined;
}
