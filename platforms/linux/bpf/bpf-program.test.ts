import { describe, expect, test } from 'bun:test';
import { closeDescriptor } from '../libc.ts';
import { BpfError } from './bpf-call.ts';
import {
  AttachType,
  createLink,
  loadProgram,
  openRawTracepoint,
  ProgramType,
  queryPrograms,
} from './bpf-program.ts';
import { openCgroupRoot } from './cgroup-root.ts';
import { withoutBpf } from './ebpf.fixture.ts';
import { Assembler, Register, Size } from './instruction.ts';

const { R0, R2 } = Register;

const PASS = new Assembler().returnImmediate(1).build();
const cannotDropPrivileges = process.geteuid?.() !== 0 || Bun.which('setpriv') === null;

function loadPass(): number {
  return loadProgram({
    type: ProgramType.CGROUP_SKB,
    code: PASS,
    name: 'sstop_test',
    expectedAttachType: AttachType.CGROUP_INET_INGRESS,
  });
}

function thrownBy(run: () => unknown): BpfError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof BpfError) return thrown;
    throw thrown;
  }
  throw new BpfError('succeed', 0);
}

describe.skipIf(withoutBpf !== undefined)('programs (needs eBPF)', () => {
  test("the verifier's words come with the error", () => {
    const code = new Assembler().load(Size.DW, R0, R2, 0).exit().build();
    const error = thrownBy(() => loadProgram({ type: ProgramType.CGROUP_SKB, code, name: 'bad one' }));
    expect(error.code).toBe('EACCES');
    expect(error.message).toBe('load BPF program bad one: EACCES');
    expect(error.log).toContain('R2 !read_ok');
  });

  test('a program is attached for as long as its link is open', () => {
    const { descriptor: cgroup } = openCgroupRoot();
    const idsBefore = queryPrograms(cgroup, AttachType.CGROUP_INET_INGRESS).ids;
    const program = loadPass();
    const link = createLink(program, cgroup, AttachType.CGROUP_INET_INGRESS);
    const { ids, flags } = queryPrograms(cgroup, AttachType.CGROUP_INET_INGRESS);
    const own = ids.filter((id) => !idsBefore.includes(id));
    expect(own.length).toBeGreaterThan(0);
    expect(flags).toBe(2);
    for (const descriptor of [link, program]) closeDescriptor(descriptor);
    const left = queryPrograms(cgroup, AttachType.CGROUP_INET_INGRESS).ids;
    // Tests beside this one have programs of their own there.
    expect(own.some((id) => !left.includes(id))).toBe(true);
    closeDescriptor(cgroup);
  });

  test('what cannot be attached is a BpfError', () => {
    const program = loadPass();
    expect(thrownBy(() => createLink(program, -1, AttachType.CGROUP_INET_INGRESS)).op).toBe(
      'attach BPF program',
    );
    expect(thrownBy(() => openRawTracepoint(program)).op).toBe('open tracepoint');
    expect(thrownBy(() => queryPrograms(-1, AttachType.CGROUP_INET_INGRESS)).op).toBe('query BPF programs');
    closeDescriptor(program);
  });
});

describe.skipIf(cannotDropPrivileges)('without privileges (needs root and setpriv to drop them)', () => {
  test('loading says EPERM, and no log', () => {
    const script = `
      import { tryEverything } from ${JSON.stringify(`${import.meta.dir}/without-privileges.fixture.ts`)};
      tryEverything();`;
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all'];
    const child = Bun.spawnSync([...nobody, process.execPath, '-e', script], { cwd: '/' });
    expect(child.stderr.toString()).toBe('');
    expect(JSON.parse(child.stdout.toString())).toEqual([
      ['map', 'EPERM', ''],
      ['program', 'EPERM', ''],
      ['tasks', 'EPERM', ''],
      ['exits', 'EPERM', ''],
    ]);
  });
});
