import type { SstopOptions } from '../src/apps/cli/sstop-command.ts';
import { exitSummary } from '../src/apps/sstop/exit-summary.ts';
import type { Effect, Message, Model } from '../src/apps/sstop/model.ts';
import { sstopProgram } from '../src/apps/sstop/program.ts';
import { Sampler } from '../src/apps/sstop/sampler.ts';
import type { Source } from '../src/data/source/source.ts';
import type { Controls, ExitReason } from '../src/screen/loop/program.ts';
import { runProgram } from '../src/screen/loop/run-program.ts';
import { TOKYO_NIGHT } from '../src/screen/style/theme.ts';
import { EXIT_FAILURE, EXIT_OK, exitCodeOfSignal } from './exit-codes.ts';
import { withInjectedFault } from './fault-injection.ts';
import { isAsciiTerminal } from './locale.ts';
import { complain } from './messages.ts';

/** Runs the screen on this terminal until it is left, then prints the summary. */
export async function runScreen(options: SstopOptions, source: Source): Promise<number> {
  const ascii = options.ascii ?? isAsciiTerminal(process.env);
  const program = sstopProgram({
    sort: options.sort,
    filter: options.filter,
    loopback: options.loopback,
    interfaceName: options.interfaceName,
    intervalMillis: options.intervalMillis,
    mouse: options.mouse,
    ascii,
    theme: TOKYO_NIGHT,
  });
  const startMillis = performance.now();
  let controls: Controls<Model, Message> | undefined;
  const sampler = new Sampler(source, options.intervalMillis, {
    sampled: (data) => controls?.dispatch({ kind: 'sampled', data }),
    failed: ({ message }) => controls?.dispatch({ kind: 'failed', message }),
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const reason = await runProgram<Model, Message, Effect>(withInjectedFault(program), {
    color: options.color,
    mouse: options.mouse,
    effect: (effect, with_) => carryOut(effect, with_, sampler),
    started: (started) => {
      controls = started;
      sampler.start();
      if (options.durationMillis !== undefined)
        timer = setTimeout(() => started.quit(), options.durationMillis);
    },
  });
  clearTimeout(timer);
  sampler.stop();
  return leave(reason, sampler, controls?.model, performance.now() - startMillis);
}

function carryOut(effect: Effect, controls: Controls<Model, Message>, sampler: Sampler): void {
  switch (effect.kind) {
    case 'set-interval':
      sampler.setInterval(effect.intervalMillis);
      break;
    case 'set-mouse':
      controls.setMouse(effect.isOn);
      break;
    case 'redraw':
      controls.redraw();
      break;
    case 'suspend':
      controls.suspend();
      break;
  }
}

/** The terminal is as it was: say what is to be said, if anybody is left to read it. */
function leave(reason: ExitReason, sampler: Sampler, model: Model | undefined, millis: number): number {
  switch (reason.kind) {
    case 'quit':
      printSummary(sampler, model, millis);
      return EXIT_OK;
    case 'signal':
      if (reason.signal !== 'SIGHUP') printSummary(sampler, model, millis);
      return exitCodeOfSignal(reason.signal);
    case 'gone':
      return exitCodeOfSignal('SIGHUP');
    case 'crash':
      complain('sstop', `stopped by an error of its own: ${reason.error.message}`);
      return EXIT_FAILURE;
  }
}

function printSummary(sampler: Sampler, model: Model | undefined, millis: number): void {
  if (sampler.data === undefined || model === undefined) return;
  process.stdout.write(
    exitSummary(sampler.data, millis * 1000, { ...model.scope, interfaceIndex: undefined }),
  );
}
