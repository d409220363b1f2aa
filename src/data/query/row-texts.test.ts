import { expect, test } from 'bun:test';
import { words } from '../sample/sample-world.fixture.ts';
import { EndpointTexts } from './row-texts.ts';

test('IPv6 addresses stand in brackets before a port', () => {
  const texts = new EndpointTexts();
  const addresses = Uint32Array.from(['10.0.0.5', '2001:db8::1', '::'].flatMap((address) => words(address)));
  for (let round = 0; round < 2; round++) {
    expect(texts.endpoint(addresses, 0, 443)).toBe('10.0.0.5:443');
    expect(texts.endpoint(addresses, 0, 80)).toBe('10.0.0.5:80');
    expect(texts.endpoint(addresses, 4, 443)).toBe('[2001:db8::1]:443');
    expect(texts.endpoint(addresses, 8, 0)).toBe('[::]:0');
    expect(texts.address(addresses, 4)).toBe('2001:db8::1');
  }
});

test('more addresses and endpoints than it holds make it start anew, never wrong', () => {
  const texts = new EndpointTexts();
  const address = Uint32Array.from(words('10.0.0.0'));
  for (let i = 0; i < 20_000; i++) {
    address[3] = 0x0a000000 + i;
    expect(texts.endpoint(address, 0, i % 3)).toBe(`10.0.${i >> 8}.${i & 255}:${i % 3}`);
  }
  for (let port = 0; port < 20_000; port++)
    expect(texts.endpoint(address, 0, port)).toBe(`10.0.78.31:${port}`);
});
