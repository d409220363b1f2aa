import { afterEach, describe, expect, test } from 'bun:test';
import { makeCertificate } from '../certificate.ts';
import { AlertDeliveries, type AlertFacts, type DeliveryOptions } from './alert-deliveries.ts';

const servers: Bun.Server<undefined>[] = [];
let deliveries: AlertDeliveries | undefined;

afterEach(async () => {
  deliveries?.close();
  for (const server of servers.splice(0)) await server.stop(true);
});

function serve(answer: (request: Request) => Response | Promise<Response>, tls?: Bun.TLSOptions): string {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: answer,
    ...(tls && { tls }),
    idleTimeout: 0,
  });
  servers.push(server);
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${server.port}/secret-path`;
}

const FLOOD_LIMIT_BYTES = 32 << 20;

const FACTS: AlertFacts = {
  ...{ state: 'firing', name: 'cpu', rule: 'cpu>80%', host: 'web-1', time: '2026-11-30T03:12:00.000Z' },
  ...{ value: 93, unit: 'percent', place: null, culprit_unit: 'percent', text: 'web-1: cpu firing 93.0 %' },
  culprits: [{ pid: 7, name: '$(reboot)', value: 80 }],
};

function deliver(options: Partial<DeliveryOptions>): {
  readonly lines: string[];
  readonly to: AlertDeliveries;
} {
  const lines: string[] = [];
  deliveries = new AlertDeliveries(
    {
      // No deadline that a busy machine passes: that of a webhook that hangs is tested alone.
      ...{ exec: undefined, webhookUrl: undefined, retryMillis: [1, 1], webhookMillis: 60_000 },
      runProgram: async () => ({ complaint: '', isCut: false, exitCode: 0 }),
      ...options,
    },
    { event: (level, event, fields) => lines.push(JSON.stringify({ level, event, ...fields })) },
  );
  return { lines, to: deliveries };
}

describe('a webhook', () => {
  test('gets each change as JSON, one after the other', async () => {
    const bodies: unknown[] = [];
    let atOnce = 0;
    const webhookUrl = serve(async (request) => {
      expect(++atOnce).toBe(1);
      expect(request.headers.get('content-type')).toBe('application/json');
      bodies.push(await request.json());
      await Bun.sleep(5);
      atOnce--;
      return new Response(null, { status: 204 });
    });
    const { lines, to } = deliver({ webhookUrl });
    to.push(FACTS);
    to.push({ ...FACTS, state: 'cleared' });
    await to.idle();
    expect(bodies).toEqual([
      { version: 1, ...FACTS },
      { version: 1, ...FACTS, state: 'cleared' },
    ]);
    expect(lines).toEqual([]);
  });

  test('that fails is tried three times', async () => {
    let tries = 0;
    const { lines, to } = deliver({ webhookUrl: serve(() => new Response('no', { status: 500 + ++tries })) });
    to.push(FACTS);
    await to.idle();
    expect(tries).toBe(3);
    expect(lines).toEqual([
      '{"level":"warning","event":"alert-webhook-failed","rule":"cpu","tries":3,"reason":"HTTP 503"}',
    ]);
  });

  test('that recovers has the change at the second try', async () => {
    let tries = 0;
    const { lines, to } = deliver({
      webhookUrl: serve(() => new Response(null, { status: ++tries === 1 ? 429 : 200 })),
    });
    to.push(FACTS);
    await to.idle();
    expect([tries, lines.length]).toEqual([2, 0]);
  });

  test.each([301, 404])('that says %p is not tried again, nor followed', async (status) => {
    let tries = 0;
    const { lines, to } = deliver({
      webhookUrl: serve(() => {
        tries++;
        return new Response(null, { status, headers: { location: '/elsewhere' } });
      }),
    });
    to.push(FACTS);
    await to.idle();
    expect(tries).toBe(1);
    expect(lines[0]).toContain(`"reason":"HTTP ${status}"`);
  });

  test('that hangs is given up at its deadline', async () => {
    const webhookUrl = serve(() => new Promise<Response>(() => undefined));
    const { lines, to } = deliver({ webhookUrl, webhookMillis: 150 });
    to.push(FACTS);
    await to.idle();
    expect(lines[0]).toContain('"tries":3,"reason":"timeout"');
  });

  test('that floods is not listened to', async () => {
    let sent = 0;
    const chunk = new Uint8Array(1 << 16);
    const webhookUrl = serve(
      () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              sent += chunk.length;
              controller.enqueue(chunk);
              await Bun.sleep(0);
            },
          }),
        ),
    );
    const { lines, to } = deliver({ webhookUrl });
    to.push(FACTS);
    await to.idle();
    // The server hears of it in its own time.
    for (let before = -1; before !== sent && sent < FLOOD_LIMIT_BYTES; await Bun.sleep(50)) before = sent;
    expect(sent).toBeLessThan(FLOOD_LIMIT_BYTES);
    expect(lines).toEqual([]);
  });

  test('is not called without a valid certificate', async () => {
    let calls = 0;
    const { certificatePem: cert, keyPem: key } = await makeCertificate('localhost', [], Date.now());
    const webhookUrl = serve(() => new Response(String(++calls)), { cert, key });
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const { lines, to } = deliver({ webhookUrl });
      to.push(FACTS);
      await to.idle();
      expect(calls).toBe(0);
      expect(lines[0]).toMatch(/"reason":"[A-Z_]*(CERT|SELF_SIGNED)[A-Z_]*"/);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  test('never has its URL in the log', async () => {
    const urls = ['http://127.0.0.1:1/secret-path', 'https://secret-path.invalid/secret-path'];
    for (const webhookUrl of urls) {
      const { lines, to } = deliver({ webhookUrl });
      to.push(FACTS);
      await to.idle();
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toContain('secret');
    }
  });
});

describe('a flood of changes', () => {
  test('is cut to the newest that wait', async () => {
    const seen: string[] = [];
    const { lines, to } = deliver({
      exec: ['/bin/true'],
      async runProgram(_argv, variables) {
        await Bun.sleep(0);
        seen.push(variables['SOCKTOP_ALERT_NAME']!);
        return { complaint: '', isCut: false, exitCode: 0 };
      },
    });
    for (let i = 0; i < 100; i++) to.push({ ...FACTS, name: `rule ${i}` });
    await to.idle();
    expect(seen).toHaveLength(33);
    expect(seen.at(-1)).toBe('rule 99');
    expect(lines).toHaveLength(67);
    expect(lines[0]).toContain('alert-dropped');
  });
});

describe('a program', () => {
  test.each([
    [
      { complaint: 'bad\n\u001b[31mthing', isCut: false, exitCode: 3 },
      '"exit_code":3,"stderr":"bad··[31mthing"',
    ],
    [{ complaint: '', isCut: false, exitCode: undefined }, '"reason":"killed: timed out"'],
    [{ complaint: '', isCut: true, exitCode: undefined }, '"reason":"killed: printed more than 64 KiB"'],
  ])('that ends with %p is reported', async (outcome, text) => {
    const { lines, to } = deliver({ exec: ['/bin/false'], runProgram: async () => outcome });
    to.push(FACTS);
    await to.idle();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(text);
  });
});
