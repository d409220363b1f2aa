import { Helper } from './helper-numbers.ts';
import { Assembler, Jump, R0, R1, R2, R3, R4, R6, R8, R9, R10, Size } from './instruction.ts';
import {
  type CommSource,
  changeFlows,
  claimSocket,
  currentOwner,
  STORAGE_CREATE,
  stackAddress,
  storageOf,
} from './network-code.ts';
import { BpfSock } from './network-context.ts';
import {
  FlowValue,
  type NetworkMaps,
  OWNER_BYTES,
  Owner,
  PEER_KEY_BYTES,
  SOCK_STREAM,
  STORAGE_BYTES,
  Storage,
} from './network-layout.ts';

/**
 * cgroup/sock_create: the owner of a new socket is who makes it. A stream is only held for it: its first user may be a
 * child.
 */
export function socketCreatedProgram(maps: NetworkMaps, comm: CommSource): Uint8Array {
  const code = new Assembler();
  const stored = -STORAGE_BYTES;
  code.move(R6, R1);
  for (let at = OWNER_BYTES; at < STORAGE_BYTES; at += 8) code.storeImmediate(Size.DW, R10, stored + at, 0);
  currentOwner(code, stored + Storage.OWNER, comm);
  code
    .move(R1, R6)
    .call(Helper.GET_NETNS_COOKIE)
    .store(Size.DW, R10, stored + Storage.NETNS_COOKIE, R0);
  code.load(Size.W, R1, R6, BpfSock.TYPE).jumpIfImmediate(Jump.EQ, R1, SOCK_STREAM, 'store');
  code
    .move(R1, R6)
    .call(Helper.GET_SOCKET_COOKIE)
    .store(Size.DW, R10, stored + Storage.USED_COOKIE, R0);
  code.label('store').load(Size.W, R1, R10, stored + Storage.OWNER + Owner.TGID);
  code.store(Size.W, R10, stored + Storage.FIRST_TGID, R1);
  code.loadMap(R1, maps.storage).move(R2, R6);
  stackAddress(code, R3, stored);
  code.moveImmediate(R4, STORAGE_CREATE).call(Helper.SK_STORAGE_GET);
  return code.returnImmediate(1).build();
}

/**
 * cgroup/sock_release (5.9): the last descriptor of a socket is closed, and its flows are marked. Where flows are held
 * for the first user of a socket, who closes it unused is it.
 */
export function socketReleasedProgram(maps: NetworkMaps, comm: CommSource, isHolding: boolean): Uint8Array {
  const code = new Assembler();
  const owner = -OWNER_BYTES;
  const keyOffset = owner - PEER_KEY_BYTES;
  const flows = { keyOffset, cookie: R9, storage: R8 };
  code.move(R6, R1);
  storageOf(code, maps.storage, R6, 0);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'out').move(R8, R0);
  code.move(R1, R6).call(Helper.GET_SOCKET_COOKIE).move(R9, R0);
  if (isHolding) {
    code.load(Size.DW, R1, R8, Storage.USED_COOKIE).jumpIf(Jump.EQ, R1, R9, 'used');
    currentOwner(code, owner, comm);
    claimSocket(code, maps, flows, owner);
  }
  code.label('used').storeImmediate(Size.W, R8, Storage.RELEASED, 1);
  for (const whose of ['first', 'owner'] as const) {
    changeFlows(code, maps, { ...flows, whose }, `release.${whose}`, () => {
      code.storeImmediate(Size.H, R0, FlowValue.RELEASED, 1);
    });
    if (whose === 'owner') continue;
    code.load(Size.W, R1, R8, Storage.KEY_TGID).jumpIfImmediate(Jump.EQ, R1, 0, 'out');
  }
  return code.label('out').returnImmediate(1).build();
}
