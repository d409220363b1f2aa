import { expect, test } from 'bun:test';
import { NetworkAttribution } from '../attribution/network-attribution.ts';
import { NetworkRates } from '../rates/network-rates.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import { NetworkWatch } from './network-watch.ts';
import { parseRule } from './parse-rule.ts';

const MEGABYTE = 1 << 20;
const ETH0 = 1;

function ruleOf(text: string, name?: string) {
  const parsed = parseRule(text, name);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.rule;
}

/** A machine of which only the network is sampled, a sample a second. */
class Watched {
  readonly world = new SampleWorld();
  readonly watch: NetworkWatch;
  readonly #rates = new NetworkRates();
  readonly #attribution = new NetworkAttribution({
    commandLine: () => '',
    cgroup: () => undefined,
    userName: String,
  });
  readonly #busy: number;
  readonly #calm: number;

  constructor(...rules: readonly (readonly [text: string, name?: string])[]) {
    this.watch = new NetworkWatch(rules.map(([text, name]) => ruleOf(text, name)));
    this.world.addProcess(11, { name: 'uploader' });
    this.world.addProcess(12, { name: 'calm' });
    this.#busy = this.world.addSocket({ pid: 11, localPort: 1 });
    this.#calm = this.world.addSocket({ pid: 12, localPort: 2 });
    this.pass(0);
  }

  /** `bytes` go out over the uplink, all but a thousand of them of one process. */
  pass(bytes: number): void {
    const { world } = this;
    world.grow(this.#busy, Math.max(0, bytes - 1000), 0);
    world.grow(this.#calm, Math.min(bytes, 1000), 0);
    world.interfaces.txBytes[ETH0]! += bytes;
    const section = this.#attribution.absorb(world.sample());
    const header = world.header();
    this.#rates.update(section, header);
    this.watch.take(header, section, this.#rates);
  }

  get firing(): readonly string[] {
    return this.watch.alerts.filter(({ isFiring }) => isFiring).map(({ name }) => name);
  }
}

test('a rule about uplinks fires once with who uses them, and clears', () => {
  const watched = new Watched(['net.up>1M for 3s', 'upload'], ['net.down>1M']);
  for (let second = 0; second < 3; second++) watched.pass(10 * MEGABYTE);
  expect(watched.firing).toEqual([]);
  watched.pass(10 * MEGABYTE);
  expect(watched.firing).toEqual(['upload']);
  const [upload] = watched.watch.alerts;
  expect(upload).toMatchObject({ unit: 'rate', culpritUnit: 'rate', value: 10 * MEGABYTE });
  expect(upload!.culprits.map(({ pid, name }) => [pid, name])).toEqual([
    [11, 'uploader'],
    [12, 'calm'],
  ]);
  for (let second = 0; second < 12; second++) watched.pass(0);
  expect(watched.firing).toEqual([]);
});

test('a rule that asks for anything else is not judged, and says what is missing', () => {
  const watched = new Watched(['cpu>0', 'busy'], ['net.up>1M | disk.used>90% disk.mount=/'], ['net.up>1M']);
  expect(watched.watch.alerts.map(({ name }) => name)).toEqual(['net.up>1M']);
  expect(watched.watch.unwatched).toEqual([
    { name: 'busy', text: 'cpu>0', missing: ['cpu'] },
    {
      name: 'net.up>1M | disk.used>90% disk.mount=/',
      text: 'net.up>1M | disk.used>90% disk.mount=/',
      missing: ['disk.used', 'disk.mount'],
    },
  ]);
});

test('counting that begins anew fires nothing, and a sample seen before counts once', () => {
  const watched = new Watched(['net.up>1M for 2s']);
  watched.pass(10 * MEGABYTE);
  watched.world.epoch++;
  watched.pass(10 * MEGABYTE);
  watched.pass(10 * MEGABYTE);
  expect(watched.firing).toEqual([]);
  watched.pass(10 * MEGABYTE);
  watched.pass(10 * MEGABYTE);
  expect(watched.firing).toEqual(['net.up>1M for 2s']);
});
