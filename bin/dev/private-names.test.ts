import { expect, test } from 'bun:test';
import { PrivateNames } from './private-names.ts';

const replaced = (code: string): string => new PrivateNames().replaceIn(code);

test.each([
  ['class A { #x = 1; y() { return this.#x; } }', 'class A { $0 = 1; y() { return this.$0; } }'],
  ['class A { #a() {} #b = this.#a(); }', 'class A { $0() {} $1 = this.$0(); }'],
  [
    'class A { get #a() { return 1; } set #a(value) {} }',
    'class A { get $0() { return 1; } set $0(value) {} }',
  ],
  [
    'class A { static #n = 0; static async#next() { return A.#n++; } }',
    'class A { static $0 = 0; static async $1() { return A.$0++; } }',
  ],
  [
    'class A { #x; same(other) { return other?.#x === this.#x; } }',
    'class A { $0; same(other) { return other?.$0 === this.$0; } }',
  ],
])('%s', (code, expected) => {
  expect(replaced(code)).toBe(expected);
});

test('texts, comments and patterns stay as they are', () => {
  const codeWith = (name: string) =>
    `class A { ${name} = 1; text = \`#x \${this.${name}} .#x\`; /* .#x */ pattern = /.#x/; }`;
  expect(replaced(codeWith('#x'))).toBe(codeWith('$0'));
});

test('a class that extends another shares no name with it, in any source', () => {
  const names = new PrivateNames();
  const codes = ['class A { #x = 1; }', 'class B extends A { #x = 2; }', 'class C extends B { #x = 3; }'];
  expect(codes.map((code) => names.replaceIn(code))).toEqual([
    'class A { $0 = 1; }',
    'class B extends A { $0_0 = 2; }',
    'class C extends B { $1_0 = 3; }',
  ]);
});

test('a class within another has its own names and those around it', () => {
  const code = 'class A { #x = 1; b = class { #y = 2; sum(a) { return a.#x + this.#y; } }; }';
  expect(replaced(code)).toBe('class A { $0 = 1; b = class { $0 = 2; sum(a) { return a.$0 + this.$0; } }; }');
});

test('whether an object has a private member cannot be asked', () => {
  expect(() => replaced('class A { #x; static is(one) { return #x in one; } }')).toThrow(
    '#x in: not supported',
  );
});

test('what is no JavaScript is an error', () => {
  expect(() => replaced('class {')).toThrow(SyntaxError);
  expect(() => replaced('class A { x() { return this.#y; } }')).toThrow();
});
