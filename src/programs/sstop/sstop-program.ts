import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { InputEvent } from '../../screen/input/event.ts';
import { inputMessageOf } from '../../views/input-message.ts';
import { initialModel, type Message, type Model, type StartOptions, type Step } from './sstop-model.ts';
import { update } from './sstop-update.ts';
import { view } from './sstop-view.ts';

/** The parts that the screen's loop runs. */
export interface SstopProgram {
  readonly initial: Model;
  update(model: Model, message: Message): Step;
  view(model: Model, buffer: Buffer): void;
  input(model: Model, event: InputEvent): Message | undefined;
  resized(model: Model, width: number, height: number): Message;
}

/** sstop's screen as a program for the loop. */
export function sstopProgram(options: StartOptions): SstopProgram {
  return {
    initial: initialModel(options),
    update,
    view,
    input: inputMessageOf,
    resized: (_model, width, height) => ({ kind: 'resized', width, height }),
  };
}
