import { describe, expect, test } from 'bun:test';
import { Alu, Assembler, Jump, Register, Size, sizeOfBytes } from './instruction.ts';

const { R0, R1, R2, R6, R10 } = Register;

/** Bytes written by hand from Documentation/bpf/standardization/instruction-set.rst: opcode, registers, offset, immediate. */
const CASES: readonly (readonly [string, (code: Assembler) => Assembler, string])[] = [
  ['r6 = r1', (code) => code.move(R6, R1), 'bf 16 00 00 00 00 00 00'],
  ['r0 = -1', (code) => code.moveImmediate(R0, -1), 'b7 00 00 00 ff ff ff ff'],
  ['r1 += r2', (code) => code.alu(Alu.ADD, R1, R2), '0f 21 00 00 00 00 00 00'],
  ['r2 += -96', (code) => code.aluImmediate(Alu.ADD, R2, -96), '07 02 00 00 a0 ff ff ff'],
  ['r1 -= r2', (code) => code.alu(Alu.SUB, R1, R2), '1f 21 00 00 00 00 00 00'],
  ['r1 *= 20', (code) => code.aluImmediate(Alu.MUL, R1, 20), '27 01 00 00 14 00 00 00'],
  ['r1 /= 3', (code) => code.aluImmediate(Alu.DIV, R1, 3), '37 01 00 00 03 00 00 00'],
  ['r1 |= r2', (code) => code.alu(Alu.OR, R1, R2), '4f 21 00 00 00 00 00 00'],
  ['r1 &= 0xf', (code) => code.aluImmediate(Alu.AND, R1, 0xf), '57 01 00 00 0f 00 00 00'],
  ['r0 <<= 32', (code) => code.aluImmediate(Alu.LSH, R0, 32), '67 00 00 00 20 00 00 00'],
  ['r0 >>= 32', (code) => code.aluImmediate(Alu.RSH, R0, 32), '77 00 00 00 20 00 00 00'],
  ['r0 s>>= 32', (code) => code.aluImmediate(Alu.ARSH, R0, 32), 'c7 00 00 00 20 00 00 00'],
  ['r1 = be16 r1', (code) => code.swapNetworkOrder(R1, 16), 'dc 01 00 00 10 00 00 00'],
  ['r1 = *(u8 *)(r6 + 9)', (code) => code.load(Size.B, R1, R6, 9), '71 61 09 00 00 00 00 00'],
  ['r1 = *(u16 *)(r6 + 16)', (code) => code.load(Size.H, R1, R6, 16), '69 61 10 00 00 00 00 00'],
  ['r1 = *(u32 *)(r6 + 164)', (code) => code.load(Size.W, R1, R6, 164), '61 61 a4 00 00 00 00 00'],
  ['r1 = *(u64 *)(r10 - 8)', (code) => code.load(Size.DW, R1, R10, -8), '79 a1 f8 ff 00 00 00 00'],
  ['*(u32 *)(r10 - 96) = r1', (code) => code.store(Size.W, R10, -96, R1), '63 1a a0 ff 00 00 00 00'],
  ['*(u64 *)(r10 - 8) = r1', (code) => code.store(Size.DW, R10, -8, R1), '7b 1a f8 ff 00 00 00 00'],
  ['*(u16 *)(r10 - 8) = 1', (code) => code.storeImmediate(Size.H, R10, -8, 1), '6a 0a f8 ff 01 00 00 00'],
  ['*(u64 *)(r10 - 8) = 0', (code) => code.storeImmediate(Size.DW, R10, -8, 0), '7a 0a f8 ff 00 00 00 00'],
  ['lock *(u64 *)(r0 + 8) += r1', (code) => code.atomicAdd(Size.DW, R0, 8, R1), 'db 10 08 00 00 00 00 00'],
  ['lock *(u32 *)(r0 + 8) += r1', (code) => code.atomicAdd(Size.W, R0, 8, R1), 'c3 10 08 00 00 00 00 00'],
  ['r1 = map 5', (code) => code.loadMap(R1, 5), '18 11 00 00 05 00 00 00 00 00 00 00 00 00 00 00'],
  [
    'r1 = value of map 5',
    (code) => code.loadMapValue(R1, 5),
    '18 21 00 00 05 00 00 00 00 00 00 00 00 00 00 00',
  ],
  ['call kernel 0xfafb', (code) => code.callKernel(0xfafb), '85 20 00 00 fb fa 00 00'],
  ['call 1', (code) => code.call(1), '85 00 00 00 01 00 00 00'],
  ['exit', (code) => code.exit(), '95 00 00 00 00 00 00 00'],
  ['return 1', (code) => code.returnImmediate(1), 'b7 00 00 00 01 00 00 00 95 00 00 00 00 00 00 00'],
];

const JUMPS: readonly (readonly [keyof typeof Jump, string, string])[] = [
  ['EQ', '15', '1d'],
  ['GT', '25', '2d'],
  ['GE', '35', '3d'],
  ['SET', '45', '4d'],
  ['NE', '55', '5d'],
  ['LT', 'a5', 'ad'],
  ['LE', 'b5', 'bd'],
  ['SLT', 'c5', 'cd'],
  ['SLE', 'd5', 'dd'],
];

function hex(code: Assembler): string {
  return Buffer.from(code.build())
    .toString('hex')
    .replaceAll(/..(?=.)/g, '$& ');
}

describe('Assembler', () => {
  test.each(CASES)('%s', (_, emit, want) => {
    expect(hex(emit(new Assembler()))).toBe(want);
  });

  test.each(JUMPS)('condition %s', (name, withImmediate, withRegister) => {
    const immediate = new Assembler().jumpIfImmediate(Jump[name], R1, -2, 'end').exit().label('end').exit();
    expect(hex(immediate).slice(0, 23)).toBe(`${withImmediate} 01 01 00 fe ff ff ff`);
    const register = new Assembler().jumpIf(Jump[name], R1, R2, 'end').exit().label('end').exit();
    expect(hex(register).slice(0, 23)).toBe(`${withRegister} 21 01 00 00 00 00 00`);
  });

  test('jumps count instructions from the one behind them, backwards too', () => {
    const code = new Assembler().label('start').loadMap(R1, 1).jump('end').jump('start').label('end').exit();
    expect(hex(code).slice(48)).toBe(
      '05 00 01 00 00 00 00 00 05 00 fc ff 00 00 00 00 95 00 00 00 00 00 00 00',
    );
    expect(code.length).toBe(5);
  });

  test('a loop that must end jumps out by itself (include/uapi/linux/bpf.h: BPF_JCOND, BPF_MAY_GOTO)', () => {
    const code = new Assembler().jumpOnTooManyRounds('end').exit().label('end').exit();
    expect(hex(code).slice(0, 23)).toBe('e5 00 01 00 00 00 00 00');
  });

  test('refuses labels that are missing, twice there or too far', () => {
    expect(() => new Assembler().jump('nowhere').build()).toThrow('no label nowhere');
    expect(() => new Assembler().label('a').label('a')).toThrow('label a is there already');
    const far = new Assembler().jump('far');
    for (let i = 0; i < 32768; i++) far.exit();
    expect(() => far.label('far').build()).toThrow('32768 away');
  });

  test('refuses offsets, immediates and registers that do not fit', () => {
    expect(() => new Assembler().load(Size.W, R1, R6, 32768)).toThrow('offset 32768');
    expect(() => new Assembler().moveImmediate(R1, 2 ** 31)).toThrow('immediate 2147483648');
    expect(() => new Assembler().moveImmediate(R1, 0.5)).toThrow('immediate 0.5');
    expect(() => new Assembler().move(11, R1)).toThrow('register 11');
  });

  test('knows the width of a field', () => {
    expect([1, 2, 4, 8].map(sizeOfBytes)).toEqual([Size.B, Size.H, Size.W, Size.DW]);
    expect(() => sizeOfBytes(3)).toThrow('3 bytes wide');
  });
});
