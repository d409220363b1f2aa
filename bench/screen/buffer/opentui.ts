/** The part of @opentui/core that draws text on a buffer and renders it. Its declared types are not needed here. */
interface RenderLibrary {
  createRenderer(width: number, height: number, options: { readonly bufferedOutput: string }): unknown;
  setUseThread(renderer: unknown, isThreaded: boolean): void;
  getNextBuffer(renderer: unknown): TextBuffer;
  render(renderer: unknown, isForced: boolean): unknown;
}

interface TextBuffer {
  clear(background: unknown): void;
  drawText(text: string, x: number, y: number, foreground: unknown, background: unknown): void;
}

interface ColorClass {
  fromInts(red: number, green: number, blue: number, alpha: number): unknown;
}

interface OpentuiModule {
  readonly resolveRenderLib: () => RenderLibrary;
  readonly RGBA: ColorClass;
}

/** A renderer of @opentui/core whose bytes stay in memory. */
export interface Opentui {
  color(hex: number): unknown;
  begin(background: unknown): TextBuffer;
  render(): void;
}

/** Opens it if the package can be imported; it is no dependency of this project, who wants the figure installs it. */
export async function openOpentui(width: number, height: number): Promise<Opentui | undefined> {
  const name: string = '@opentui/core';
  const loaded: unknown = await import(name).catch(() => undefined);
  if (!isOpentui(loaded)) return undefined;
  const { RGBA } = loaded;
  const library = loaded.resolveRenderLib();
  const renderer = library.createRenderer(width, height, { bufferedOutput: 'memory' });
  library.setUseThread(renderer, false);
  return {
    color: (hex) => RGBA.fromInts((hex >>> 16) & 255, (hex >>> 8) & 255, hex & 255, 255),
    begin: (background) => {
      const buffer = library.getNextBuffer(renderer);
      buffer.clear(background);
      return buffer;
    },
    render: () => void library.render(renderer, false),
  };
}

function isOpentui(loaded: unknown): loaded is OpentuiModule {
  return (
    typeof loaded === 'object' &&
    loaded !== null &&
    'resolveRenderLib' in loaded &&
    typeof loaded.resolveRenderLib === 'function' &&
    'RGBA' in loaded &&
    typeof loaded.RGBA === 'function'
  );
}
