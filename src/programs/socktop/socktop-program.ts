import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { InputEvent } from '../../screen/input/event.ts';
import { inputMessageOf } from '../../views/input-message.ts';
import { networkInput } from './network-update.ts';
import { initialModel, type Message, type Model, type StartOptions, type Step } from './socktop-model.ts';
import { update } from './socktop-update.ts';
import { view } from './socktop-view.ts';

/** The parts that the screen's loop runs. */
export interface SocktopProgram {
  readonly initial: Model;
  update(model: Model, message: Message): Step;
  view(model: Model, buffer: Buffer): void;
  input(model: Model, event: InputEvent): Message | undefined;
  resized(model: Model, width: number, height: number): Message;
}

/** socktop's screen as a program for the loop. */
export function socktopProgram(options: StartOptions): SocktopProgram {
  return {
    initial: initialModel(options),
    update,
    view,
    input: messageOf,
    resized: (_model, width, height) => ({ kind: 'resized', width, height }),
  };
}

function messageOf(model: Model, event: InputEvent): Message | undefined {
  return model.view === 'network' ? networkInput(model, event) : inputMessageOf(model, event);
}
