import { afterEach, describe, expect, test } from 'bun:test';
import { OpError } from '../../kit/errors/op-error.ts';
import type { CertificatePair } from '../agent/certificate.ts';
import { Connection } from './agent-connection.ts';
import { encrypted, parseAgentUrl } from './agent-url.ts';
import { selfSigned, signedFor } from './certificates.fixture.ts';
import { TlsPeer } from './tls-peer.fixture.ts';
import { fingerprintOf, parsePinned, type Trust } from './trust.ts';

const TOKEN = 'never-to-be-seen';
const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** An agent's door with this certificate, over TLS, that takes every WebSocket. */
function serve({ certificatePem, keyPem }: CertificatePair): number {
  const server = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1', tls: { cert: certificatePem, key: keyPem } },
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response('', { status: 400 })),
    websocket: { message: () => undefined },
  });
  open.push({ close: () => void server.stop(true) });
  return server.port ?? 0;
}

function pinned(pem: string, verifyHostname = false): Trust {
  return { kind: 'pinned', certificates: parsePinned(pem), verifyHostname };
}

/** What came of a connection: `open`, or why there is none. */
function outcome(port: number, trust: Trust, host = '127.0.0.1'): Promise<'open' | OpError> {
  return new Promise((resolve) => {
    const agent = encrypted(parseAgentUrl(`ws://${host}:${port}/ws`));
    const connection = new Connection(
      { agent, trust, token: TOKEN, hasTokenInUrl: true },
      {
        opened: () => resolve('open'),
        received: () => undefined,
        closed: (error) => resolve(error),
        isWaiting: () => false,
      },
    );
    open.push({ close: () => connection.end(new OpError({ op: 'test', code: 'DONE' })) });
  });
}

function fingerprint(pem: string): string {
  return parsePinned(pem).fingerprints[0]!;
}

describe('a pinned certificate', () => {
  test('is accepted whatever its names, and refused with them checked', async () => {
    const { authorityPem: _, pair } = await signedFor('elsewhere.example');
    const port = serve(pair);
    expect(await outcome(port, pinned(pair.certificatePem))).toBe('open');
    const refused = await outcome(port, pinned(pair.certificatePem, true));
    expect(refused).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect((refused as OpError).message).toContain('elsewhere.example');
    expect((refused as OpError).message).toContain('127.0.0.1');
  });

  test('with the right names is accepted with them checked', async () => {
    const pair = await selfSigned();
    expect(await outcome(serve(pair), pinned(pair.certificatePem, true))).toBe('open');
  });

  test('may be one of several, for the time of a change', async () => {
    const [before, after] = [await selfSigned(), await selfSigned()];
    const trust = pinned(`# a note\n${before.certificatePem}${after.certificatePem}`);
    expect(await outcome(serve(before), trust)).toBe('open');
    expect(await outcome(serve(after), trust)).toBe('open');
  });

  test('may be that of an authority, which vouches for others', async () => {
    const { authorityPem, pair } = await signedFor('localhost');
    expect(await outcome(serve(pair), pinned(authorityPem))).toBe('open');
    expect(await outcome(serve(pair), pinned(authorityPem, true))).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const stranger = await selfSigned();
    const refused = await outcome(serve(stranger), pinned(authorityPem));
    expect((refused as OpError).message).toContain(fingerprint(stranger.certificatePem));
  });

  test('that has expired, or is not valid yet, is refused with the day', async () => {
    const expired = await selfSigned(400);
    const refused = await outcome(serve(expired), pinned(expired.certificatePem));
    expect(refused).toMatchObject({ code: 'CERT_HAS_EXPIRED' });
    expect((refused as OpError).message).toMatch(/expired on \d{4}-\d{2}-\d{2}/);
    const early = await selfSigned(-30);
    const refusedEarly = await outcome(serve(early), pinned(early.certificatePem));
    expect((refusedEarly as OpError).message).toMatch(/not valid before \d{4}-\d{2}-\d{2}/);
  });
});

describe('somebody in the middle', () => {
  test('with a certificate of his own is told nothing, and both fingerprints are', async () => {
    const [own, his] = [await selfSigned(), await selfSigned()];
    const peer = await TlsPeer.listen(his);
    open.push(peer);
    const refused = (await outcome(peer.port, pinned(own.certificatePem))) as OpError;
    expect(refused.message).toContain(fingerprint(own.certificatePem));
    expect(refused.message).toContain(fingerprint(his.certificatePem));
    expect(refused.message).not.toContain(TOKEN);
    // A connection that is told something is what the counter counts: one that trusts him.
    expect(peer.bytes).toBe(0);
    void outcome(peer.port, pinned(his.certificatePem));
    while (peer.bytes === 0) await Bun.sleep(5);
  });

  test('is told nothing where the system is to vouch for him', async () => {
    const his = await selfSigned();
    const peer = await TlsPeer.listen(his);
    open.push(peer);
    const refused = (await outcome(peer.port, { kind: 'system' })) as OpError;
    expect(refused.message).toContain(fingerprint(his.certificatePem));
    expect(refused.message).toContain('--tls-ca');
    expect(peer.bytes).toBe(0);
  });
});

test('a fingerprint is that of openssl', async () => {
  const { certificatePem } = await selfSigned();
  const openssl = Bun.which('openssl');
  if (openssl === null) {
    process.stdout.write('openssl is not installed: fingerprints are not compared\n');
    return;
  }
  const run = Bun.spawnSync([openssl, 'x509', '-noout', '-fingerprint', '-sha256'], {
    stdin: Buffer.from(certificatePem),
  });
  expect(run.stdout.toString().trim().split('=')[1]).toBe(fingerprint(certificatePem));
});

test('a file without a certificate, or with a damaged one, is refused', () => {
  expect(() => parsePinned('nothing')).toThrow('no certificate');
  expect(() => parsePinned('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toThrow(
    'damaged',
  );
  expect(fingerprintOf(new Uint8Array())).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
});
