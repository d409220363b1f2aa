/** What filters in the kernel and parsers here know names in packets by. */

export const DNS_PORT = 53;

/** Versions of QUIC whose Initial packets can be opened (RFC 9000, 15 and RFC 9369, 3). */
export const QuicVersion = { V1: 0x00000001, V2: 0x6b3343cf } as const;
/** The bits of a long header, which Initial packets have (RFC 9000, 17.2). */
export const QUIC_LONG_HEADER = 0xc0;
/** A client pads datagrams with Initial packets to so many bytes (RFC 9000, 14.1). */
export const QUIC_DATAGRAM_BYTES = 1200;

/** A TLS record (RFC 8446, 5.1): content type, version whose first byte is 3, length u16. */
export const TLS_HANDSHAKE = 22;
export const TLS_MAJOR = 3;
export const TLS_HEADER_BYTES = 5;
/** The type of a handshake message (RFC 8446, 4). */
export const CLIENT_HELLO = 1;

/** RFC 9110, 9.3 and RFC 5789. CONNECT is asked of a proxy, which is not the host that it names. */
export const HTTP_METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'] as const;
/** The first four bytes of requests by these methods, in network order. */
export const HTTP_HEADS: readonly number[] = HTTP_METHODS.map((method) =>
  new DataView(new TextEncoder().encode(`${method} `).buffer).getUint32(0),
);
