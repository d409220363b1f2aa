import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { InputEvent } from '../../screen/input/event.ts';
import { inputMessageOf } from '../views/input-message.ts';
import { initialModel, type Message, type Model, type StartOptions, type Step } from './model.ts';
import { networkInput } from './network-update.ts';
import { update } from './update.ts';
import { view } from './view.ts';

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
