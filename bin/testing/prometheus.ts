import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { keptPort } from './agent-process.ts';

const CACHE = fileURLToPath(new URL('../../.cache/prometheus/', import.meta.url));
const PACKAGE = 'prometheus';
const START_LIMIT_MILLIS = 30_000;
const POLL_MILLIS = 100;

/** Debian's Prometheus, installed or unpacked. */
export interface PrometheusTools {
  readonly prometheus: string;
  readonly promtool: string;
}

/**
 * The tools that are installed; else Debian's package, fetched once and unpacked in the cache: nothing is installed, no
 * service started. Throws `UNAVAILABLE` with the reason.
 */
export function findPrometheus(): PrometheusTools {
  const installed = toolsBelow('');
  if (installed !== undefined) return installed;
  const root = `${CACHE}root`;
  const unpacked = toolsBelow(`${root}/usr/bin/`);
  if (unpacked !== undefined) return unpacked;
  if (Bun.which('apt-get') === null || Bun.which('dpkg-deb') === null) {
    throw unavailable('lacks prometheus, and apt-get and dpkg-deb to fetch it with');
  }
  mkdirSync(CACHE, { recursive: true });
  runOrFail(['apt-get', '-o', 'APT::Sandbox::User=', 'download', PACKAGE]);
  const archive = readdirSync(CACHE).find((file) => file.endsWith('.deb'));
  if (archive === undefined) throw unavailable('finds no package prometheus');
  runOrFail(['dpkg-deb', '-x', archive, root]);
  rmSync(`${CACHE}${archive}`);
  return toolsBelow(`${root}/usr/bin/`) ?? fail('the package holds no prometheus');
}

function toolsBelow(folder: string): PrometheusTools | undefined {
  const [prometheus, promtool] = ['prometheus', 'promtool'].map((name) =>
    folder === '' ? Bun.which(name) : existsSync(folder + name) ? folder + name : null,
  );
  return prometheus && promtool ? { prometheus, promtool } : undefined;
}

function runOrFail(command: readonly string[]): void {
  const run = Bun.spawnSync([...command], { cwd: CACHE, stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  if (!run.success) throw unavailable(`${command[0]}: ${run.stderr.toString().trim().slice(-200)}`);
}

function unavailable(message: string): OpError {
  return new OpError({ op: 'find prometheus', code: 'UNAVAILABLE', message });
}

function fail(message: string): never {
  throw unavailable(message);
}

/** One answer of `promtool check metrics`. */
export interface Lint {
  readonly exitCode: number;
  readonly lines: readonly string[];
}

/** What `promtool check metrics` has to say of a page of text. */
export function lintMetrics({ promtool }: PrometheusTools, page: Uint8Array): Lint {
  const run = Bun.spawnSync([promtool, 'check', 'metrics'], { stdin: page, stdout: 'pipe', stderr: 'pipe' });
  const said = `${run.stdout}${run.stderr}`;
  return { exitCode: run.exitCode, lines: said.split('\n').filter((line) => line !== '') };
}

/** A target to scrape once a second. */
export interface Target {
  readonly port: number;
  readonly token: string;
}

/** A series with its last value, as the HTTP API has it. */
export interface QueriedSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus server on loopback that scrapes one target, in a folder of its own. */
export class PrometheusServer {
  readonly #folder: string;
  readonly #child: Bun.Subprocess;
  readonly #address: string;

  private constructor(folder: string, child: Bun.Subprocess, address: string) {
    this.#folder = folder;
    this.#child = child;
    this.#address = address;
  }

  /** Resolves when the server answers. */
  static async start({ prometheus }: PrometheusTools, target: Target): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
    const port = keptPort();
    writeFileSync(`${folder}/prometheus.yml`, configuration(target));
    const child = Bun.spawn(
      [
        ...[prometheus, `--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`],
        ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=error'],
      ],
      { cwd: folder, stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' },
    );
    const server = new PrometheusServer(folder, child, `http://127.0.0.1:${port}`);
    await server.until(async () => (await fetch(`${server.#address}/-/ready`)).ok, 'is not ready');
    return server;
  }

  /** Samples of an expression now. */
  async query(expression: string): Promise<QueriedSample[]> {
    const data = await this.#api(`query?query=${encodeURIComponent(expression)}`);
    const { result } = data as { result: { metric: Record<string, string>; value: [number, string] }[] };
    return result.map(({ metric, value: [, text] }) => ({ metric, value: Number(text) }));
  }

  /** Type, help and unit of each family that the target has, by name. */
  async metadata(): Promise<Map<string, { type: string; help: string; unit: string }>> {
    const data = await this.#api('targets/metadata?limit=10000');
    const rows = data as { metric: string; type: string; help: string; unit: string }[];
    return new Map(rows.map(({ metric, type, help, unit }) => [metric, { type, help, unit }]));
  }

  /** Why the last scrape failed; empty: it did not. */
  async lastError(): Promise<string> {
    const data = await this.#api('targets');
    const { activeTargets } = data as { activeTargets: { lastError: string }[] };
    return activeTargets.map(({ lastError }) => lastError).join('\n');
  }

  /** Resolves when `isTrue` does; rejects with the last scrape's error when it does not for too long. */
  async until(isTrue: () => Promise<boolean>, complaint: string): Promise<void> {
    const limit = performance.now() + START_LIMIT_MILLIS;
    while (performance.now() < limit) {
      const answer = await isTrue().catch(() => false);
      if (answer) return;
      await Bun.sleep(POLL_MILLIS);
    }
    const error = await this.lastError().catch(String);
    throw new OpError({ op: 'await prometheus', code: 'TIMEOUT', message: `${complaint}: ${error}` });
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #api(path: string): Promise<unknown> {
    const response = await fetch(`${this.#address}/api/v1/${path}`);
    const answer = (await response.json()) as { data?: unknown; error?: string };
    if (answer.error === undefined) return answer.data;
    throw new OpError({ op: 'ask prometheus', code: String(response.status), message: answer.error });
  }
}

function configuration({ port, token }: Target): string {
  return `global:
  scrape_interval: 1s
scrape_configs:
  - job_name: agent
    authorization:
      credentials: ${token}
    static_configs:
      - targets: ['127.0.0.1:${port}']
`;
}
