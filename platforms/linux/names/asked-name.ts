/** A name that a connection says. */
export interface FoundName {
  readonly kind: 'found';
  readonly name: string;
  readonly basis: 'sni' | 'http';
  /** ALPN protocols that the client offered, as it ordered them, with commas between; empty: none, or not known. */
  readonly alpn: string;
}

/**
 * What the first bytes of a stream say: `more` needs the bytes that follow, `none` will never have a name, `found`
 * has one.
 */
export type AskedName = { readonly kind: 'more' } | { readonly kind: 'none' } | FoundName;

export const MORE: AskedName = { kind: 'more' };
export const NO_NAME: AskedName = { kind: 'none' };
