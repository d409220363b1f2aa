import type { Slice } from '../../../src/data/sample/slice.ts';

/** Never asks to rest. */
export const UNHURRIED: Slice = {
  due: () => false,
  rest: () => Promise.resolve(),
};

/** Rests whenever it is asked, and counts. */
export function restlessSlice(): Slice & { rests: number } {
  return {
    rests: 0,
    due: () => true,
    rest() {
      this.rests++;
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Lines of a child's output, as they come. */
export async function* outputLines(output: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of output) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    yield* lines;
  }
}
