const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An IPv4 address that an IPv6 socket has mapped (RFC 4291, 2.5.5.2) as IPv4 writes it; any other as it is. */
export function unmappedAddress(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

/** Whether only this machine reaches an address, which is one that a socket is bound to, never a name. */
export function isLoopback(address: string): boolean {
  return address === '::1' || unmappedAddress(address).startsWith('127.');
}
