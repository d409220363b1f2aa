import type { Alert } from '../../../data/alerts/alert-monitor.ts';
import { figureText } from '../../../data/alerts/alert-rule.ts';
import type { AlertUnit } from '../../../data/schema/alerts-section.ts';
import { toOpError } from '../../../kit/errors/op-error.ts';
import { sanitizeLine } from '../../../kit/text/sanitize.ts';
import type { AgentLog, AgentLogFields } from '../server/agent-log.ts';

/** Runs a program, without any capability, with these variables in its environment. `platforms` has it. */
type RunProgram = (
  argv: readonly string[],
  variables: Readonly<Record<string, string>>,
  limits: { readonly deadlineMillis: number; readonly limit: number; readonly complaintLimit: number },
) => Promise<{
  readonly complaint: string;
  readonly isCut: boolean;
  /** undefined: it did not end before the deadline. */
  readonly exitCode: number | undefined;
}>;

/** Where changes of alerts go. */
export interface DeliveryOptions {
  /** Absolute path and arguments; undefined: no program is started. */
  readonly exec: readonly string[] | undefined;
  readonly runProgram: RunProgram;
  /** A secret: never logged. undefined: nothing is posted. */
  readonly webhookUrl: string | undefined;
  /** Of one try of either; 30 s and 10 s by default. */
  readonly execMillis?: number;
  readonly webhookMillis?: number;
  /** Waits between the tries of the webhook: one try more than there are. */
  readonly retryMillis?: readonly number[];
}

const EXEC_MILLIS = 30_000;
const WEBHOOK_MILLIS = 10_000;
const RETRY_MILLIS = [5000, 30_000] as const;
/** Changes that wait for the one under way; the oldest are dropped. */
const WAITING_MOST = 32;
const OUTPUT_LIMIT_BYTES = 64 << 10;
const COMPLAINT_LIMIT_BYTES = 1024;
const COMPLAINT_SHOWN = 200;
/** No other text of an error is logged: it might have the URL in it. */
const ERROR_CODE = /^[A-Za-z_]{1,40}$/;
const REQUEST_TIMEOUT = 408;
const TOO_MANY_REQUESTS = 429;

/** Takes changes of alerts to a program and to a webhook, each one after the other. Nothing waits for them. */
export class AlertDeliveries {
  readonly #options: DeliveryOptions;
  readonly #log: AgentLog;
  readonly #queues: readonly DeliveryQueue[];
  readonly #closed = new AbortController();

  constructor(options: DeliveryOptions, log: AgentLog) {
    this.#options = options;
    this.#log = log;
    const { exec, webhookUrl } = options;
    this.#queues = [
      ...(exec === undefined ? [] : [this.#queue('exec', (facts) => this.#run(exec, facts))]),
      ...(webhookUrl === undefined ? [] : [this.#queue('webhook', (facts) => this.#post(webhookUrl, facts))]),
    ];
  }

  push(facts: AlertFacts): void {
    for (const queue of this.#queues) queue.push(facts);
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.done));
  }

  /** What waits is dropped, and a request under way is given up. */
  close(): void {
    for (const queue of this.#queues) queue.clear();
    this.#closed.abort();
  }

  #queue(to: string, deliver: (facts: AlertFacts) => Promise<void>): DeliveryQueue {
    return new DeliveryQueue(deliver, ({ name }) => this.#warn('alert-dropped', { to, rule: name }));
  }

  #warn(event: string, fields: AgentLogFields): void {
    this.#log.event('warning', event, fields);
  }

  async #run(argv: readonly string[], facts: AlertFacts): Promise<void> {
    const failed = (fields: AgentLogFields): void =>
      this.#warn('alert-exec-failed', { rule: facts.name, ...fields });
    try {
      const { exitCode, isCut, complaint } = await this.#options.runProgram(argv, variablesOf(facts), {
        deadlineMillis: this.#options.execMillis ?? EXEC_MILLIS,
        limit: OUTPUT_LIMIT_BYTES,
        complaintLimit: COMPLAINT_LIMIT_BYTES,
      });
      const stderr = sanitizeLine(complaint.trim().slice(0, COMPLAINT_SHOWN)) || undefined;
      if (isCut) failed({ reason: `killed: printed more than ${OUTPUT_LIMIT_BYTES >> 10} KiB` });
      else if (exitCode === undefined) failed({ reason: 'killed: timed out', stderr });
      else if (exitCode !== 0) failed({ exit_code: exitCode, stderr });
    } catch (thrown) {
      failed({ code: toOpError('start', thrown).code });
    }
  }

  async #post(url: string, facts: AlertFacts): Promise<void> {
    const retryMillis = this.#options.retryMillis ?? RETRY_MILLIS;
    const body = JSON.stringify({ version: 1, ...facts });
    for (let tries = 1; ; tries++) {
      const failure = await this.#tryPost(url, body);
      if (failure === undefined || this.#closed.signal.aborted) return;
      const waitMillis = failure.isFinal ? undefined : retryMillis[tries - 1];
      if (waitMillis === undefined) {
        this.#warn('alert-webhook-failed', { rule: facts.name, tries, reason: failure.reason });
        return;
      }
      await Bun.sleep(waitMillis);
      if (this.#closed.signal.aborted) return;
    }
  }

  /** Undefined: it was taken. `isFinal`: another try would fail as well. */
  async #tryPost(
    url: string,
    body: string,
  ): Promise<{ readonly reason: string; readonly isFinal: boolean } | undefined> {
    const late = AbortSignal.timeout(this.#options.webhookMillis ?? WEBHOOK_MILLIS);
    try {
      const response = await fetch(url, {
        ...{ method: 'POST', body, redirect: 'manual', keepalive: false },
        // Whatever the environment says.
        tls: { rejectUnauthorized: true },
        headers: { 'content-type': 'application/json', 'user-agent': 'socktop-agent' },
        signal: AbortSignal.any([late, this.#closed.signal]),
      });
      // Whatever it says is of no interest, however much it is.
      void response.body?.cancel().catch(() => undefined);
      const { status } = response;
      if (status >= 200 && status < 300) return undefined;
      const isFinal = status < 500 && status !== REQUEST_TIMEOUT && status !== TOO_MANY_REQUESTS;
      return { reason: `HTTP ${status}`, isFinal };
    } catch (thrown) {
      if (late.aborted) return { reason: 'timeout', isFinal: false };
      const { code } = toOpError('post', thrown);
      return { reason: ERROR_CODE.test(code) ? code : 'failed', isFinal: false };
    }
  }
}

/** One delivery at a time; those that wait are bounded. */
class DeliveryQueue {
  done: Promise<void> = Promise.resolve();
  readonly #waiting: AlertFacts[] = [];
  readonly #deliver: (facts: AlertFacts) => Promise<void>;
  readonly #dropped: (facts: AlertFacts) => void;
  #isBusy = false;

  constructor(deliver: (facts: AlertFacts) => Promise<void>, dropped: (facts: AlertFacts) => void) {
    this.#deliver = deliver;
    this.#dropped = dropped;
  }

  push(facts: AlertFacts): void {
    this.#waiting.push(facts);
    if (this.#waiting.length > WAITING_MOST) this.#dropped(this.#waiting.shift()!);
    if (!this.#isBusy) this.done = this.#drain();
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  async #drain(): Promise<void> {
    this.#isBusy = true;
    for (let facts = this.#waiting.shift(); facts !== undefined; facts = this.#waiting.shift()) {
      await this.#deliver(facts);
    }
    this.#isBusy = false;
  }
}

const NAME_LENGTH_MOST = 128;

/** One change of an alert, for programs: figures in base units, null unknown; texts without control characters. */
export interface AlertFacts {
  readonly state: 'firing' | 'cleared';
  /** What the user calls the rule, and how it is written. */
  readonly name: string;
  readonly rule: string;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly value: number | null;
  readonly unit: AlertUnit;
  /** Mount point of the file system; null: it is not about one. */
  readonly place: string | null;
  readonly culprits: readonly { readonly pid: number; readonly name: string; readonly value: number }[];
  readonly culprit_unit: AlertUnit;
  /** All of it in one line for people. */
  readonly text: string;
}

/** What has changed on a machine. */
export function factsOf(alert: Alert, hostName: string): AlertFacts {
  const { rule, isFiring, changedMillis = 0, unit, culpritUnit } = alert;
  const facts = {
    state: isFiring ? ('firing' as const) : ('cleared' as const),
    ...{ name: rule.name, rule: rule.text, host: sanitizeLine(hostName) },
    time: new Date(changedMillis).toISOString(),
    value: Number.isFinite(alert.value) ? alert.value : null,
    unit,
    place: alert.place === '' ? null : sanitizeLine(alert.place),
    culprits: alert.culprits.map(({ pid, name, value }) => {
      return { pid, name: sanitizeLine(name.slice(0, NAME_LENGTH_MOST)), value };
    }),
    culprit_unit: culpritUnit,
  };
  return { ...facts, text: lineOf(facts) };
}

function lineOf(facts: Omit<AlertFacts, 'text'>): string {
  const { host, name, state, value, unit, place, culprits, culprit_unit: culpritUnit } = facts;
  const figure = value === null ? '' : ` ${figureText(value, unit)}`;
  const named = culprits.map((one) => `${one.name} (${one.pid}) ${figureText(one.value, culpritUnit)}`);
  const blamed = named.length === 0 ? '' : `: ${named.join(', ')}`;
  return `${host}: ${name} ${state}${place === null ? '' : ` ${place}`}${figure}${blamed}`;
}

/** The facts as variables of a program's environment; a fact that is unknown is empty. */
function variablesOf(facts: AlertFacts): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {
    SOCKTOP_ALERT_STATE: facts.state,
    SOCKTOP_ALERT_NAME: facts.name,
    SOCKTOP_ALERT_RULE: facts.rule,
    SOCKTOP_ALERT_HOST: facts.host,
    SOCKTOP_ALERT_TIME: facts.time,
    SOCKTOP_ALERT_VALUE: facts.value === null ? '' : String(facts.value),
    SOCKTOP_ALERT_UNIT: facts.unit,
    SOCKTOP_ALERT_PLACE: facts.place ?? '',
    SOCKTOP_ALERT_TEXT: facts.text,
    SOCKTOP_ALERT_CULPRIT_UNIT: facts.culprit_unit,
    SOCKTOP_ALERT_CULPRITS: String(facts.culprits.length),
  };
  for (const [at, { pid, name, value }] of facts.culprits.entries()) {
    const culprit = `SOCKTOP_ALERT_CULPRIT_${at + 1}`;
    variables[`${culprit}_PID`] = String(pid);
    variables[`${culprit}_NAME`] = name;
    variables[`${culprit}_VALUE`] = String(value);
  }
  return variables;
}
