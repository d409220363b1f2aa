import { FLOW_VALUE_BYTES, OWNER_BYTES, PEER_KEY_BYTES } from './network-layout.ts';

/**
 * The stack of the packet programs, below the frame pointer:
 *
 *   key 40 | value 128 | IP header 40 | packets u64 | offset of the transport header u64
 *   next header u64 | bytes of headers u64 | bytes of a jumbo option u64 | scratch 8
 *   cookie of the MPTCP socket u64 | the sender as an owner 40
 */
export const KEY = -PEER_KEY_BYTES;
export const VALUE = KEY - FLOW_VALUE_BYTES;
export const IP_HEADER_BYTES = 40;
export const IP_HEADER = VALUE - IP_HEADER_BYTES;
export const PACKETS = IP_HEADER - 8;
export const TRANSPORT_OFFSET = PACKETS - 8;
export const NEXT_HEADER = TRANSPORT_OFFSET - 8;
export const HEADER_BYTES = NEXT_HEADER - 8;
export const JUMBO_BYTES = HEADER_BYTES - 8;
export const SCRATCH = JUMBO_BYTES - 8;
export const PARENT_COOKIE = SCRATCH - 8;
export const SENDER = PARENT_COOKIE - OWNER_BYTES;
